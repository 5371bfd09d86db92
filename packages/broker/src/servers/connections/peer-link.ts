// What every connection has, whatever protocol it speaks: frames in within bounds, a watch over the peer, and
// one end, after which nothing of it is held any more. Must never know what a frame says.

import type { ByteConnection, ByteConnectionHandler } from '@sluice/protocol/bytes/byte-connection'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Logger } from '../../base/logger.ts'
import type { ByteOutbox } from './byte-outbox.ts'
import { asViolation } from './failure.ts'
import { FrameIntake } from './frame-intake.ts'
import type { GivenUpLines } from './given-up-lines.ts'
import { PeerWatchState } from './peer-watch-state.ts'
import type { PeerVerdict, PeerWatchLimits } from './peer-watch-state.ts'
import { RequestGate } from './request-gate.ts'
import type { GateLimits, GateOwner, SharedBounds } from './request-gate.ts'

/** What speaks the protocol of a connection. */
export interface LinkOwner {
  /** The peer, for people. */
  readonly peerName: string
  /**
   * Carries out one request, `bytes[start, end)`: borrowed for the call, or the owner's to keep. Not called
   * when the link is over.
   */
  run(bytes: Uint8Array, start: number, end: number, isOwned: boolean): void
  /** The peer has taken all that was pending. */
  drained?(): void
  /** Last words. Absent: the connection just ends, and the reason is in our log. */
  sayGoodbye?(error: BrokerError): void
  /** Nothing can be answered any more: what the owner holds for the peer is given back. Called once. */
  giveBack(): void
  /** Called once, after `giveBack`. */
  closed(): void
}

export interface LinkServices {
  readonly logger: Logger
  readonly bounds: SharedBounds
  readonly givenUp: GivenUpLines
  readonly limits: GateLimits & Pick<PeerWatchLimits, 'stalledPeerMs'>
}

export interface LinkOptions {
  readonly connection: ByteConnection
  readonly outbox: ByteOutbox
  /** Of the first frame, until the intake is told otherwise. */
  readonly frameBytesMax: number
  /** 0: there is no handshake. */
  readonly handshakeTimeoutMs: number
}

export class PeerLink implements ByteConnectionHandler, GateOwner {
  readonly intake: FrameIntake
  readonly gate: RequestGate
  readonly watch: PeerWatchState
  readonly #owner: LinkOwner
  readonly #services: LinkServices
  readonly #connection: ByteConnection
  readonly #outbox: ByteOutbox
  readonly #abort = new AbortController()
  #isOver = false
  #hasReceived = false
  #whenIdle: (() => void) | undefined

  /** Owns the connection. */
  constructor(owner: LinkOwner, services: LinkServices, options: LinkOptions) {
    const { limits, bounds } = services
    const { connection, outbox, frameBytesMax, handshakeTimeoutMs } = options
    this.#owner = owner
    this.#services = services
    this.#connection = connection
    this.#outbox = outbox
    this.intake = new FrameIntake(this, this.#frame, bounds.room, frameBytesMax)
    this.gate = new RequestGate(this, limits, bounds)
    this.watch = new PeerWatchState({ stalledPeerMs: limits.stalledPeerMs, handshakeTimeoutMs })
  }

  start(): void {
    this.#connection.start(this)
  }

  get remote(): string {
    return this.#connection.remote
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Aborted, with a `BrokerError` as its reason, by `abort` and at the end. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get isCongested(): boolean {
    return this.#outbox.isCongested
  }

  abort(error: BrokerError): void {
    this.#abort.abort(error)
  }

  /** Resolves at the next `idle`, and when the connection is closed. */
  untilIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle = resolve
    })
  }

  idle(): void {
    this.#whenIdle?.()
  }

  // ── For the connection and the gate ──────────────────────────────────────────────────────────────────────

  received(chunk: Uint8Array): void {
    if (this.#isOver) return
    this.#hasReceived = true
    try {
      this.intake.push(chunk)
    } catch (error) {
      this.giveUp(asViolation(error))
    }
  }

  drained(): void {
    this.#outbox.drained()
    this.gate.advance()
    this.#owner.drained?.()
  }

  closed(reason?: Error): void {
    const { logger } = this.#services
    const peer = this.#owner.peerName
    if (!this.#isOver) logger.debug({ peer, reason: reason?.message }, 'connection closed')
    this.#end()
    this.idle()
    this.#owner.closed()
  }

  pause(): void {
    this.#connection.pause()
  }

  resume(): void {
    if (this.#isOver || this.gate.isPaused || this.intake.isWaiting) return
    this.#connection.resume()
  }

  run(bytes: Uint8Array, start: number, end: number, isOwned: boolean): void {
    if (!this.#isOver) this.#owner.run(bytes, start, end, isOwned)
  }

  readonly #frame = (bytes: Uint8Array, start: number, end: number, isOwned: boolean): void => {
    this.gate.offer(bytes, start, end, isOwned)
  }

  // ── The watch ────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * What is to become of the peer. `isAwaiting`: it waits for us, and need not say anything.
   * `nowMs`: the time that this process has been awake.
   */
  look(nowMs: number, isAwaiting: boolean): PeerVerdict {
    const { pendingBytes, flushedBytes } = this.#connection
    const verdict = this.watch.tick(nowMs, {
      hasReceived: this.#hasReceived,
      hasWritten: this.#outbox.takeHasWritten(),
      isPaused: isAwaiting || this.gate.isPaused || this.intake.isWaiting,
      // Why not while the gate is shut: it is we who do not read, and answers will open it.
      isUnfinished: this.intake.takeIsUnfinished() && !this.gate.isPaused,
      pendingBytes,
      flushedBytes,
    })
    this.#hasReceived = false
    return verdict
  }

  /** Ends the connection of a peer that had its time. */
  expire(verdict: Exclude<PeerVerdict, 'fine' | 'ping'>): void {
    // Why another word: a frame that had no room is not late by its peer's fault.
    const code = verdict === 'frame-timeout' && this.intake.isWaiting ? 'too-many-requests' : verdict
    const error = new BrokerError(code, `${this.#owner.peerName}: ${code.replaceAll('-', ' ')}`)
    if (verdict !== 'peer-stalled') return this.giveUp(error)
    // Why at once: a peer that takes nothing would not read a goodbye.
    this.#warn(error)
    this.#end()
    this.#connection.destroy(error)
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Says why, as far as the protocol can and the peer still reads, and closes in order. */
  giveUp(error: BrokerError): void {
    if (this.#isOver) return
    if (error.code !== 'stopping') this.#warn(error)
    this.#owner.sayGoodbye?.(error)
    this.close()
  }

  /** Closes in order, without a word. */
  close(): void {
    if (this.#isOver) return
    this.#end()
    this.#connection.close()
  }

  /** What was held for the peer goes back at once, not when the socket has closed. */
  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#outbox.close()
    this.intake.close()
    this.gate.close()
    this.#owner.giveBack()
    this.#abort.abort(new BrokerError('aborted', `${this.#owner.peerName} has gone`))
  }

  #warn({ code, message }: BrokerError): void {
    this.#services.givenUp.tell({ peer: this.#owner.peerName, code, reason: message })
  }
}
