// One connection to a broker: frames in and out, requests matched with their answers, keep-alive.
// Lives as long as the connection; what outlives it is the business of `link.ts`.

import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { readSubscriptionEnded } from '@sluice/protocol/native/flow-messages'
import type { SubscriptionEnded } from '@sluice/protocol/native/flow-messages'
import {
  beginFrame,
  endFrame,
  errorFlag,
  frameHeaderBytes,
  opcodes,
  readError,
} from '@sluice/protocol/native/frame'
import { FrameSplitter } from '@sluice/protocol/native/frame-splitter'
import type { FrameSink } from '@sluice/protocol/native/frame-splitter'
import type { Welcome } from '@sluice/protocol/native/handshake'
import type { ClientPlatform } from '../transport/platform.ts'
import { KeepAlive } from './keep-alive.ts'
import type { PendingRequest, RequestSpec } from './pending-request.ts'

/** The largest frame that a client takes. Memory grows with what has come, not with what a frame claims. */
const receivedFrameBytesMax = 64 * 1024 * 1024

const correlationPosition = 6

export interface SessionHandler {
  /** `bytes[start, end)` is the body of a DELIVER, borrowed for the call. */
  delivered(session: Session, bytes: Uint8Array, start: number, end: number): void
  subscriptionEnded(session: Session, ended: SubscriptionEnded): void
  /** Once, whatever the cause. `unanswered` are the requests that were sent, in order. */
  closed(session: Session, reason: BrokerError, unanswered: PendingRequest<unknown>[]): void
}

export class Session {
  /** Set by the handshake. */
  welcome: Welcome | undefined
  readonly #connection: ByteConnection
  readonly #platform: ClientPlatform
  readonly #handler: SessionHandler
  readonly #splitter = new FrameSplitter(receivedFrameBytesMax, (sizeBytes) =>
    Buffer.allocUnsafeSlow(sizeBytes),
  )
  readonly #writer = new ByteWriter()
  readonly #unanswered = new Map<number, PendingRequest<unknown>>()
  #correlation: number
  #keepAlive: KeepAlive | undefined
  #isOver = false
  /** The first cause of the end, where we know it better than the connection. */
  #reason: BrokerError | undefined

  constructor(
    connection: ByteConnection,
    platform: ClientPlatform,
    handler: SessionHandler,
    correlation = 0,
  ) {
    this.#connection = connection
    this.#platform = platform
    this.#handler = handler
    this.#correlation = correlation
    connection.start({
      received: (chunk) => this.#received(chunk),
      room: () => this.#splitter.room(),
      drained: () => {},
      closed: (reason) => this.#closed(reason),
    })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Sends a request; it fails by itself when it cannot be written. */
  send(request: PendingRequest<unknown>): void {
    const correlation = this.#nextCorrelation()
    let bytes: Uint8Array
    try {
      bytes = this.#encoded(request.spec, correlation)
    } catch (error) {
      this.#writer.position = 0
      return request.fail(asInvalid(error))
    }
    request.isSent = true
    request.correlation = correlation
    this.#unanswered.set(correlation, request)
    this.#write(bytes)
  }

  /** The request is over: an answer that comes late has nobody to go to, and nothing is kept for it. */
  forget(request: PendingRequest<unknown>): void {
    if (this.#unanswered.get(request.correlation) === request) this.#unanswered.delete(request.correlation)
  }

  /** Called with the answer to HELLO. The keep-alive begins here: its interval is the broker's word. */
  open(welcome: Welcome): void {
    this.welcome = welcome
    if (welcome.keepAliveMs === 0) return
    this.#keepAlive = new KeepAlive(this.#platform, welcome.keepAliveMs, {
      quiet: () => this.#ping(),
      silent: () => {
        const text = `Nothing came from ${this.#connection.remote} for ${welcome.keepAliveMs} ms`
        this.destroy(new BrokerError('peer-silent', text))
      },
    })
  }

  /** Sends what is written, then closes. */
  close(): void {
    this.#connection.close()
  }

  destroy(reason: BrokerError): void {
    this.#reason ??= reason
    this.#connection.destroy(reason)
    this.#closed(reason)
  }

  #write(bytes: Uint8Array): void {
    this.#keepAlive?.sent()
    this.#connection.write(bytes)
  }

  #encoded(spec: RequestSpec<unknown>, correlation: number): Uint8Array {
    if ('frame' in spec) return setCorrelation(this.#checked(spec.frame), correlation)
    const start = beginFrame(this.#writer, spec.opcode, correlation)
    spec.encode(this.#writer)
    endFrame(this.#writer, start)
    return this.#checked(this.#writer.take())
  }

  #checked(frame: Uint8Array): Uint8Array {
    const sizeMax = this.welcome?.frameBytesMax ?? receivedFrameBytesMax
    if (frame.length <= sizeMax) return frame
    throw new BrokerError('batch-too-large', `A request of ${frame.length} bytes; ${sizeMax} is the limit`)
  }

  /** Not 0, and not one that still waits for its answer. */
  #nextCorrelation(): number {
    do this.#correlation = this.#correlation === 0xffff_ffff ? 1 : this.#correlation + 1
    while (this.#unanswered.has(this.#correlation))
    return this.#correlation
  }

  #received(chunk: Uint8Array): void {
    if (this.#isOver) return
    this.#keepAlive?.received()
    try {
      this.#splitter.push(chunk, this.#frame)
      if (this.#splitter.arrivedBytes > frameHeaderBytes) this.#begun()
    } catch (error) {
      this.destroy(asMalformed(error, this.#connection.remote))
    }
  }

  readonly #frame: FrameSink = (bytes, start, end, isOwned) => {
    if (this.#isOver) return
    const body = start + frameHeaderBytes
    switch (bytes[start + 4]) {
      case opcodes.deliver:
        return this.#handler.delivered(this, bytes, body, end)
      case opcodes.subscriptionEnded:
        return this.#handler.subscriptionEnded(this, readSubscriptionEnded(new ByteReader(bytes, body, end)))
      case opcodes.goodbye:
        this.#reason ??= readError(new ByteReader(bytes, body, end))
        return
      case opcodes.ping:
        return
      default:
        this.#answer(bytes, start, end, isOwned)
    }
  }

  /** Part of a frame has come. */
  #begun(): void {
    const { begunFrame, arrivedBytes } = this.#splitter
    const head = new ByteReader(begunFrame, 4, frameHeaderBytes)
    const opcode = head.u8()
    if (head.u8() !== 0) return
    const request = this.#unanswered.get(head.u32())
    if (request?.spec.opcode === opcode) request.begin(begunFrame, frameHeaderBytes, arrivedBytes)
  }

  /** An answer that nobody waits for is left alone: its request timed out or was aborted. */
  #answer(bytes: Uint8Array, start: number, end: number, isOwned: boolean): void {
    const reader = new ByteReader(bytes, start + 4, end)
    const opcode = reader.u8()
    const isError = (reader.u8() & errorFlag) !== 0
    const correlation = reader.u32()
    const request = this.#unanswered.get(correlation)
    if (request === undefined) return
    if (request.spec.opcode !== opcode) {
      throw new BrokerError('malformed-frame', `Request ${correlation} is answered with opcode ${opcode}`)
    }
    this.#unanswered.delete(correlation)
    if (isError) request.fail(readError(reader))
    else request.succeed(reader, isOwned)
  }

  #closed(cause?: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#keepAlive?.stop()
    const { remote } = this.#connection
    const text = cause === undefined ? `${remote} closed the connection` : `${remote}: ${cause.message}`
    this.#reason ??= new BrokerError('disconnected', text, { cause })
    this.#handler.closed(this, this.#reason, [...this.#unanswered.values()])
  }

  #ping(): void {
    endFrame(this.#writer, beginFrame(this.#writer, opcodes.ping, 0))
    this.#write(this.#writer.take())
  }
}

function setCorrelation(frame: Uint8Array, correlation: number): Uint8Array {
  for (let at = 0; at < 4; at++) frame[correlationPosition + at] = correlation >>> (24 - 8 * at)
  return frame
}

function asInvalid(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new BrokerError('invalid-request', `The request cannot be written: ${why}`, { cause: error })
}

function asMalformed(error: unknown, remote: string): BrokerError {
  if (error instanceof BrokerError && error.kind === 'violation') return error
  const why = error instanceof Error ? error.message : String(error)
  return new BrokerError('malformed-frame', `${remote} sent what cannot be read: ${why}`, { cause: error })
}
