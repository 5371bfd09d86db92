// Path of a message 1/5 · from the socket · to servers/native/handlers/publish.ts.
// One connection: bytes in, requests in their order, answers as they complete, and an end for
// whoever misbehaves. Must never let a peer make it hold more than its bounds, nor let one request's
// failure reach another's.

import type { ByteConnection, ByteConnectionHandler } from '@sluice/protocol/bytes/byte-connection'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Opcode } from '@sluice/protocol/native/frame'
import { asViolation, expectedFailure } from '../connections/failure.ts'
import { FrameIntake } from '../connections/frame-intake.ts'
import { PeerWatchState } from '../connections/peer-watch-state.ts'
import { RequestGate } from '../connections/request-gate.ts'
import type { GateOwner } from '../connections/request-gate.ts'
import { FrameOutbox } from './frame-outbox.ts'
import { handlers } from './handlers.ts'
import { greet } from './handshake.ts'
import { helloBytesMax } from './native-limits.ts'
import type { NativeServices, NativeSession } from './native-session.ts'
import { SubscriptionTable } from './subscription-table.ts'

/** `opening` until HELLO is answered; `stopping` refuses requests; `over` does nothing any more. */
type Phase = 'opening' | 'open' | 'stopping' | 'over'

export class NativeConnection implements NativeSession, ByteConnectionHandler, GateOwner {
  readonly services: NativeServices
  readonly outbox: FrameOutbox
  readonly subscriptions: SubscriptionTable
  readonly #connection: ByteConnection
  readonly #intake: FrameIntake
  readonly #gate: RequestGate
  readonly #watch: PeerWatchState
  readonly #ended: (connection: NativeConnection) => void
  readonly #abort = new AbortController()
  #phase: Phase = 'opening'
  #peerName: string
  #hasReceived = false
  #whenIdle: (() => void) | undefined

  /** Owns the connection; `ended` is called once, when it is over. */
  constructor(
    connection: ByteConnection,
    services: NativeServices,
    ended: (connection: NativeConnection) => void,
  ) {
    const { limits, bounds } = services
    this.services = services
    this.outbox = new FrameOutbox(connection)
    this.subscriptions = new SubscriptionTable(limits.subscriptionsMax)
    this.#connection = connection
    this.#intake = new FrameIntake(this, this.#frame, bounds.room, helloBytesMax)
    this.#gate = new RequestGate(this, limits, bounds)
    this.#watch = new PeerWatchState(limits)
    this.#ended = ended
    this.#peerName = connection.remote
  }

  start(): void {
    this.#connection.start(this)
  }

  get peerName(): string {
    return this.#peerName
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get isCongested(): boolean {
    return this.outbox.isCongested
  }

  received(chunk: Uint8Array): void {
    if (this.#phase === 'over') return
    this.#hasReceived = true
    try {
      this.#intake.push(chunk)
    } catch (error) {
      this.#giveUp(asViolation(error))
    }
  }

  drained(): void {
    this.outbox.drained()
    this.#gate.advance()
    if (!this.outbox.isCongested) this.subscriptions.resumeAll()
  }

  closed(reason?: Error): void {
    const isNews = this.#phase !== 'over'
    this.#phase = 'over'
    const { logger } = this.services
    if (isNews) logger.debug({ peer: this.#peerName, reason: reason?.message }, 'connection closed')
    this.outbox.close()
    this.#intake.close()
    this.#gate.close()
    // Why lost even when the peer closed in order: the kernel also closes for a process that was killed. Only
    // UNSUBSCRIBE says that the member has finished.
    this.subscriptions.leaveAll('lost')
    this.#abort.abort(new BrokerError('aborted', `${this.#peerName} has gone`))
    this.#whenIdle?.()
    this.#ended(this)
  }

  pause(): void {
    this.#connection.pause()
  }

  resume(): void {
    if (this.#phase === 'over' || this.#gate.isPaused || this.#intake.isWaiting) return
    this.#connection.resume()
  }

  reserve(bytes: number): void {
    this.#gate.reserve(bytes)
  }

  release(bytes: number): void {
    this.#gate.release(bytes)
  }

  hold(): void {
    this.#gate.hold()
  }

  letGo(): void {
    this.#gate.letGo()
  }

  /** Called a few times a second, with the time that this process has been awake. */
  tick(nowMs: number): void {
    if (this.#phase === 'over') return
    const { pendingBytes, flushedBytes } = this.#connection
    const verdict = this.#watch.tick(nowMs, {
      hasReceived: this.#hasReceived,
      hasWritten: this.outbox.takeHasWritten(),
      isPaused: this.#gate.isPaused || this.#intake.isWaiting,
      // Why not while the gate is shut: it is we who do not read, and answers will open it.
      isUnfinished: this.#intake.takeIsUnfinished() && !this.#gate.isPaused,
      pendingBytes,
      flushedBytes,
    })
    this.#hasReceived = false
    if (verdict === 'fine') return
    if (verdict === 'ping') return this.outbox.empty(opcodes.ping, 0)
    // Why another word: a frame that had no room is not late by its peer's fault.
    const code = verdict === 'frame-timeout' && this.#intake.isWaiting ? 'too-many-requests' : verdict
    const error = new BrokerError(code, `${this.#peerName}: ${code.replaceAll('-', ' ')}`)
    if (verdict === 'peer-stalled') this.#cutOff(error)
    else this.#giveUp(error)
  }

  /** Answers what is in progress, refuses what comes after, says goodbye and closes. */
  async stop(): Promise<void> {
    if (this.#phase === 'over') return
    this.#phase = 'stopping'
    const error = new BrokerError('stopping', 'The broker is shutting down')
    this.subscriptions.leaveAll('closed')
    this.#abort.abort(error)
    if (this.#gate.requestsInProgress > 0) await this.#idle()
    this.#giveUp(error)
  }

  run(bytes: Uint8Array, start: number, end: number): void {
    const opcode = bytes[start + 4] as Opcode
    const body = new ByteReader(bytes, start + 5, end)
    const flags = body.u8()
    const correlation = body.u32()
    const handler = handlers[opcode]
    if (this.#phase === 'over') return
    if (this.#phase === 'opening') return this.#hello(opcode, correlation, body)
    if (this.#phase === 'stopping') return this.outbox.error(opcode, correlation, this.#abort.signal.reason)
    if (handler === undefined) return this.outbox.error(opcode, correlation, unknownOpcode(opcode))
    if (flags !== 0) return this.outbox.error(opcode, correlation, unknownFlags(flags))
    try {
      const pending = handler(this, correlation, body)
      if (pending !== undefined) void this.#finish(pending, opcode, correlation, end - start)
    } catch (error) {
      this.#refuse(opcode, correlation, error)
    }
    this.#gate.pauseIfFull()
  }

  readonly #frame = (bytes: Uint8Array, start: number, end: number, isOwned: boolean): void => {
    this.#gate.offer(bytes, start, end, isOwned)
  }

  async #finish(pending: Promise<void>, opcode: Opcode, correlation: number, size: number): Promise<void> {
    this.#gate.begun(size)
    try {
      await pending
    } catch (error) {
      this.#refuse(opcode, correlation, error)
    } finally {
      this.#gate.ended(size)
      this.#gate.pauseIfFull()
      if (this.#gate.requestsInProgress === 0) this.#whenIdle?.()
    }
  }

  #refuse(opcode: Opcode, correlation: number, error: unknown): void {
    const expected = expectedFailure(error)
    if (expected !== undefined) return this.outbox.error(opcode, correlation, expected)
    this.services.logger.error(
      { error, peer: this.#peerName, opcode },
      'a request failed for no foreseen reason',
    )
    this.outbox.error(opcode, correlation, new BrokerError('internal', 'The broker failed on this request'))
  }

  #hello(opcode: Opcode, correlation: number, body: ByteReader): void {
    try {
      if (opcode !== opcodes.hello) throw new BrokerError('malformed-frame', 'The first frame is no HELLO')
      const { clientName, keepAliveMs } = greet(this, correlation, body)
      if (clientName !== '') this.#peerName = `${clientName} at ${this.#connection.remote}`
      this.#intake.allow(this.services.limits.frameBytesMax)
      this.#watch.opened(keepAliveMs)
      this.#phase = 'open'
    } catch (error) {
      const expected = expectedFailure(error)
      if (expected?.code !== 'unsupported-version') return this.#giveUp(asViolation(error))
      this.outbox.error(opcode, correlation, expected)
      this.#giveUp(expected)
    }
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle = resolve
    })
  }

  /** Says why, as far as the peer still reads, and closes in order. */
  #giveUp(error: BrokerError): void {
    if (this.#phase === 'over') return
    if (error.code !== 'stopping') this.#warn(error)
    this.outbox.error(opcodes.goodbye, 0, error)
    this.#end()
    this.#connection.close()
  }

  /** For a peer that would not read a goodbye. */
  #cutOff(error: BrokerError): void {
    this.#warn(error)
    this.#end()
    this.#connection.destroy(error)
  }

  /** What the members held goes back at once, not when the socket has closed. */
  #end(): void {
    this.#phase = 'over'
    this.outbox.close()
    this.#intake.close()
    this.#gate.close()
    this.subscriptions.leaveAll('lost')
    this.#abort.abort(new BrokerError('aborted', `${this.#peerName} has gone`))
  }

  #warn(error: BrokerError): void {
    this.services.givenUp.tell({ peer: this.#peerName, code: error.code, reason: error.message })
  }
}

function unknownOpcode(opcode: number): BrokerError {
  return new BrokerError('unknown-method', `There is no request with opcode ${opcode}`)
}

function unknownFlags(flags: number): BrokerError {
  return new BrokerError('invalid-request', `A request with flags ${flags}`)
}
