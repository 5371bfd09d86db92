// A peer on a real socket that says exactly the bytes that a test gives it, right or wrong, and reads the
// answers with the codecs of the protocol.

import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import { readSettleFailures, writeSettle, writeSubscribe } from '@sluice/protocol/native/flow-messages'
import type { Settle, SettleFailure, SettleVerb } from '@sluice/protocol/native/flow-messages'
import { beginFrame, endFrame, errorFlag, opcodes, readError } from '@sluice/protocol/native/frame'
import type { Opcode } from '@sluice/protocol/native/frame'
import { FrameSplitter } from '@sluice/protocol/native/frame-splitter'
import { writeHello } from '@sluice/protocol/native/handshake'
import type { Hello } from '@sluice/protocol/native/handshake'

export interface RawFrame {
  readonly opcode: number
  readonly correlation: number
  readonly error: BrokerError | undefined
  readonly body: ByteReader
}

/** A delivery as it came, with what a settle has to name. */
export interface RawDelivery {
  readonly subscription: number
  readonly partition: number
  readonly slot: number
  readonly sequence: number
  readonly offset: number
  readonly attempt: number
}

export type WriteBody = (writer: ByteWriter) => void

const frameBytesMax = 64 * 1024 * 1024

export function frameOf(opcode: Opcode, correlation: number, body: WriteBody = () => {}): Uint8Array {
  const writer = new ByteWriter()
  const start = beginFrame(writer, opcode, correlation)
  body(writer)
  endFrame(writer, start)
  return writer.take()
}

export class RawPeer {
  readonly socket: Socket
  readonly frames: RawFrame[] = []
  readonly deliveries: RawDelivery[] = []
  isClosed = false
  #waiting: (() => void)[] = []
  #correlation = 0

  static async open(address: string): Promise<RawPeer> {
    const [host, port] = address.split(':') as [string, string]
    const socket = connect({ host, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    return new RawPeer(socket)
  }

  /** With the handshake done. */
  static async greeted(address: string): Promise<RawPeer> {
    const peer = await RawPeer.open(address)
    const { error } = await peer.hello()
    if (error !== undefined) throw error
    return peer
  }

  constructor(socket: Socket) {
    this.socket = socket
    const splitter = new FrameSplitter(frameBytesMax)
    socket.on('data', (chunk: Uint8Array) => splitter.push(chunk, this.#frame))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
      this.#wake()
    })
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  hello(differing: Partial<Hello> = {}): Promise<RawFrame> {
    const hello = { versionMin: 1, versionMax: 1, keepAliveMs: 60_000, clientName: 'raw', ...differing }
    return this.ask(opcodes.hello, (writer) => writeHello(writer, hello))
  }

  /** Sends a request and gives its answer, an error included. */
  ask(opcode: Opcode, body?: WriteBody): Promise<RawFrame> {
    const correlation = ++this.#correlation
    this.send(frameOf(opcode, correlation, body))
    return this.find((frame) => frame.correlation === correlation && frame.opcode === opcode)
  }

  /** A call of the control plane; `text` is its body, whatever it is. */
  call(text: string): Promise<RawFrame> {
    return this.ask(opcodes.call, (writer) => writer.raw(new TextEncoder().encode(text)))
  }

  subscribe(subscription: number, stream: string, consumer: string, window = 10): Promise<RawFrame> {
    return this.ask(opcodes.subscribe, (writer) =>
      writeSubscribe(writer, { subscription, stream, consumer, window }),
    )
  }

  /** Settles by hand, and answers with what was refused. */
  async settle(
    subscription: number,
    verb: SettleVerb,
    tokens: readonly Pick<Settle, 'partition' | 'slot' | 'sequence'>[],
    delayMs = 0,
  ): Promise<SettleFailure[]> {
    const { error, body } = await this.ask(opcodes.settle, (writer) => {
      writer.u32(subscription)
      writer.u32(tokens.length)
      for (const { partition, slot, sequence } of tokens)
        writeSettle(writer, { verb, partition, slot, sequence, delayMs, reason: '' })
    })
    if (error !== undefined) throw error
    return readSettleFailures(body)
  }

  goodbye(): Promise<RawFrame> {
    return this.find(({ opcode }) => opcode === opcodes.goodbye)
  }

  /** The first frame that fits, now or later. */
  async find(fits: (frame: RawFrame) => boolean): Promise<RawFrame> {
    for (;;) {
      const found = this.frames.find(fits)
      if (found !== undefined) return found
      if (this.isClosed) throw new Error('the broker closed the connection')
      await this.#change()
    }
  }

  async delivered(count: number): Promise<readonly RawDelivery[]> {
    while (this.deliveries.length < count && !this.isClosed) await this.#change()
    return this.deliveries
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.#change()
  }

  #change(): Promise<void> {
    return new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  readonly #frame = (bytes: Uint8Array, start: number, end: number): void => {
    const body = new ByteReader(bytes.slice(start + 4, end))
    const opcode = body.u8()
    const isError = (body.u8() & errorFlag) !== 0
    const correlation = body.u32()
    if (opcode === opcodes.ping) return
    if (opcode === opcodes.deliver) this.#delivered(body)
    else this.frames.push({ opcode, correlation, error: isError ? readError(body) : undefined, body })
    this.#wake()
  }

  #delivered(body: ByteReader): void {
    const subscription = body.u32()
    for (let count = body.u32(); count > 0; count--) {
      const [partition, slot, sequence, offset] = [body.u32(), body.u32(), body.i64(), body.i64()]
      body.i64()
      this.deliveries.push({ subscription, partition, slot, sequence, offset, attempt: body.u32() })
      body.raw(body.u32())
    }
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
