// A Kafka client for tests, byte by byte: sends what it is told, and reads answers with our codecs.

import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { readAnswer, requestOf } from '@sluice/protocol/kafka/client-frames'
import type { KafkaApi } from '@sluice/protocol/kafka/kafka-api'
import { FrameSplitter } from '@sluice/protocol/native/frame-splitter'

export class KafkaPeer {
  readonly socket: Socket
  /** Whole answers, with their size and correlation, in the order in which they came. */
  readonly frames: Buffer[] = []
  isClosed = false
  #waiting: (() => void)[] = []
  #correlation = 0

  static async open(port: number): Promise<KafkaPeer> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    return new KafkaPeer(socket)
  }

  constructor(socket: Socket) {
    this.socket = socket
    const splitter = new FrameSplitter(256 * 1024 * 1024)
    socket.on('data', (chunk: Uint8Array) =>
      splitter.push(chunk, (bytes, start, end) => {
        this.frames.push(Buffer.from(bytes.subarray(start, end)))
        this.#wake()
      }),
    )
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
      this.#wake()
    })
  }

  /** Correlation ids of the answers so far. */
  get answered(): number[] {
    return this.frames.map((frame) => frame.readInt32BE(4))
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  async ask<Request, Response>(
    api: KafkaApi<Request, Response>,
    version: number,
    request: Request,
  ): Promise<Response> {
    const correlation = ++this.#correlation
    this.send(requestOf(api, { version, correlation }, request))
    return readAnswer(api, version, await this.answer(correlation))
  }

  async answer(correlation: number): Promise<Buffer> {
    for (;;) {
      const found = this.frames.find((frame) => frame.readInt32BE(4) === correlation)
      if (found !== undefined) return found
      if (this.isClosed) throw new Error('the broker closed the connection')
      await this.#change()
    }
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.#change()
  }

  destroy(): void {
    this.socket.destroy()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
