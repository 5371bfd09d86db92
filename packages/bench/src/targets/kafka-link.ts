// One connection of a Kafka client, as bare as can be: load made of thousands of them is to cost the bench
// little beside what it costs the broker. Answers come in the order of their requests.

import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { readAnswer, requestOf } from '@sluice/protocol/kafka/client-frames'
import type { KafkaApi } from '@sluice/protocol/kafka/kafka-api'
import { FrameSplitter } from '@sluice/protocol/native/frame-splitter'

interface Waiting {
  readonly answered: (frame: Uint8Array) => void
  readonly failed: (error: Error) => void
}

const frameBytesMax = 64 * 1024 * 1024
const clientId = 'bench'

export class KafkaLink {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  #correlation = 0

  /** `address` is `host:port`. */
  static async open(address: string): Promise<KafkaLink> {
    const at = address.lastIndexOf(':')
    const place = { host: address.slice(0, at), port: Number(address.slice(at + 1)) }
    const socket = connect({ ...place, noDelay: true })
    await once(socket, 'connect')
    return new KafkaLink(socket)
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    const splitter = new FrameSplitter(frameBytesMax)
    socket.on('data', (chunk: Uint8Array) =>
      splitter.push(chunk, (bytes, start, end) =>
        // Why copied: an answer is read in a later turn, and borrows its bytes.
        this.#waiting.shift()?.answered(new Uint8Array(bytes.subarray(start, end))),
      ),
    )
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      for (const { failed } of this.#waiting.splice(0)) failed(new Error('The broker closed a connection'))
    })
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  /** In the latest version that our codecs know. */
  async ask<Request, Response>(api: KafkaApi<Request, Response>, request: Request): Promise<Response> {
    const version = api.versions.to
    const bytes = requestOf(api, { version, correlation: ++this.#correlation, clientId }, request)
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    this.#waiting.push({ answered: resolve, failed: reject })
    this.#socket.write(bytes)
    return readAnswer(api, version, await promise)
  }

  close(): void {
    this.#socket.destroy()
  }
}
