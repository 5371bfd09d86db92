// A peer that speaks the native protocol byte by byte, rightly or wrongly, over a real socket.

import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { once } from 'node:events'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import {
  beginFrame,
  endFrame,
  errorFlag,
  frameHeaderBytes,
  opcodes,
  readError,
} from '@sluice/protocol/native/frame'
import type { Opcode } from '@sluice/protocol/native/frame'
import { FrameSplitter } from '@sluice/protocol/native/frame-splitter'
import { readWelcome, writeHello } from '@sluice/protocol/native/handshake'
import type { Welcome } from '@sluice/protocol/native/handshake'

export interface RawFrame {
  readonly opcode: number
  readonly correlation: number
  readonly error: BrokerError | undefined
  readonly body: ByteReader
}

export type WriteBody = (writer: ByteWriter) => void

export function frameOf(opcode: Opcode, correlation: number, body: WriteBody = () => {}): Uint8Array {
  const writer = new ByteWriter()
  const start = beginFrame(writer, opcode, correlation)
  body(writer)
  endFrame(writer, start)
  return writer.take()
}

export function callBody(method: string, params: object): WriteBody {
  return (writer) => writer.raw(new TextEncoder().encode(JSON.stringify({ method, params })))
}

export class RawPeer {
  readonly socket: Socket
  /** All frames but PINGs. */
  readonly frames: RawFrame[] = []
  pings = 0
  isClosed = false
  #waiting: (() => void)[] = []
  #correlation = 0

  static async open(port: number): Promise<RawPeer> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    return new RawPeer(socket)
  }

  /** With the handshake done. */
  static async greeted(port: number, keepAliveMs = 60_000): Promise<RawPeer> {
    const peer = await RawPeer.open(port)
    await peer.hello(keepAliveMs)
    return peer
  }

  constructor(socket: Socket) {
    this.socket = socket
    const splitter = new FrameSplitter(64 * 1024 * 1024)
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

  async hello(keepAliveMs: number, versionMin = 1, versionMax = 1): Promise<Welcome> {
    const hello = { versionMin, versionMax, keepAliveMs, clientName: 'raw' }
    const { error, body } = await this.ask(opcodes.hello, (writer) => writeHello(writer, hello))
    if (error !== undefined) throw error
    return readWelcome(body)
  }

  /** Sends a request and gives its answer, an error included. */
  ask(opcode: Opcode, body?: WriteBody): Promise<RawFrame> {
    const correlation = ++this.#correlation
    this.send(frameOf(opcode, correlation, body))
    return this.answer(correlation)
  }

  async call(method: string, params: object): Promise<unknown> {
    const { error, body } = await this.ask(opcodes.call, callBody(method, params))
    if (error !== undefined) throw error
    return JSON.parse(new TextDecoder().decode(body.raw(body.remaining)))
  }

  answer(correlation: number): Promise<RawFrame> {
    return this.find((frame) => frame.correlation === correlation)
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
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  destroy(): void {
    this.socket.destroy()
  }

  readonly #frame = (bytes: Uint8Array, start: number, end: number): void => {
    const reader = new ByteReader(bytes.slice(start + 4, end))
    const opcode = reader.u8()
    const isError = (reader.u8() & errorFlag) !== 0
    const correlation = reader.u32()
    if (opcode === opcodes.ping) {
      this.pings++
      return
    }
    const error = isError ? readError(reader) : undefined
    const body = new ByteReader(bytes.slice(start + frameHeaderBytes, end))
    this.frames.push({ opcode, correlation, error, body })
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
