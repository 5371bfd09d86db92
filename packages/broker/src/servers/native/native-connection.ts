// Path of a message 1/5 · from the socket · to servers/native/handlers/publish.ts.
// One connection: bytes in, requests in their order, answers as they complete, and an end for
// whoever misbehaves. Must never let a peer make it hold more than its bounds, nor let one request's
// failure reach another's.

import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import type { Opcode } from '@sluice/protocol/native/frame'
import { asViolation, expectedFailure } from '../connections/failure.ts'
import { PeerLink } from '../connections/peer-link.ts'
import type { LinkOwner } from '../connections/peer-link.ts'
import { FrameOutbox } from './frame-outbox.ts'
import { handlers } from './handlers.ts'
import { greet } from './handshake.ts'
import { helloBytesMax } from './native-limits.ts'
import type { NativeServices, NativeSession } from './native-session.ts'
import { SubscriptionTable } from './subscription-table.ts'

/** `opening` until HELLO is answered; `stopping` refuses requests. */
type Phase = 'opening' | 'open' | 'stopping'

export class NativeConnection implements NativeSession, LinkOwner {
  readonly services: NativeServices
  readonly outbox: FrameOutbox
  readonly subscriptions: SubscriptionTable
  readonly #link: PeerLink
  readonly #ended: (connection: NativeConnection) => void
  #phase: Phase = 'opening'
  #peerName: string
  #isRequestOwned = false

  /** Owns the connection; `ended` is called once, when it is over. */
  constructor(
    connection: ByteConnection,
    services: NativeServices,
    ended: (connection: NativeConnection) => void,
  ) {
    const { limits } = services
    this.services = services
    this.outbox = new FrameOutbox(connection, services.bounds.untaken)
    this.subscriptions = new SubscriptionTable(limits.subscriptionsMax)
    const { handshakeTimeoutMs } = limits
    const { outbox } = this
    this.#link = new PeerLink(this, services, {
      connection,
      outbox,
      frameBytesMax: helloBytesMax,
      handshakeTimeoutMs,
    })
    this.#ended = ended
    this.#peerName = connection.remote
  }

  start(): void {
    this.#link.start()
  }

  get peerName(): string {
    return this.#peerName
  }

  get isRequestOwned(): boolean {
    return this.#isRequestOwned
  }

  get signal(): AbortSignal {
    return this.#link.signal
  }

  reserve(bytes: number): void {
    this.#link.gate.reserve(bytes)
  }

  release(bytes: number): void {
    this.#link.gate.release(bytes)
  }

  hold(): void {
    this.#link.gate.hold()
  }

  letGo(): void {
    this.#link.gate.letGo()
  }

  /** Called a few times a second, with the time that this process has been awake. */
  tick(nowMs: number): void {
    if (this.#link.isOver) return
    const verdict = this.#link.look(nowMs, false)
    if (verdict === 'ping') this.outbox.empty(opcodes.ping, 0)
    else if (verdict !== 'fine') this.#link.expire(verdict)
  }

  /** Answers what is in progress, refuses what comes after, says goodbye and closes. */
  async stop(): Promise<void> {
    if (this.#link.isOver) return
    this.#phase = 'stopping'
    const error = new BrokerError('stopping', 'The broker is shutting down')
    this.subscriptions.leaveAll('closed')
    this.#link.abort(error)
    if (this.#link.gate.requestsInProgress > 0) await this.#link.untilIdle()
    this.#link.giveUp(error)
  }

  // ── For the link ─────────────────────────────────────────────────────────────────────────────────────────

  run(bytes: Uint8Array, start: number, end: number, isOwned: boolean): void {
    this.#isRequestOwned = isOwned
    const opcode = bytes[start + 4] as Opcode
    const body = new ByteReader(bytes, start + 5, end)
    const flags = body.u8()
    const correlation = body.u32()
    const handler = handlers[opcode]
    if (this.#phase === 'opening') return this.#hello(opcode, correlation, body)
    if (this.#phase === 'stopping') return this.outbox.error(opcode, correlation, this.signal.reason)
    if (handler === undefined) return this.outbox.error(opcode, correlation, unknownOpcode(opcode))
    if (flags !== 0) return this.outbox.error(opcode, correlation, unknownFlags(flags))
    try {
      const pending = handler(this, correlation, body)
      if (pending !== undefined) void this.#finish(pending, opcode, correlation, end - start)
    } catch (error) {
      this.#refuse(opcode, correlation, error)
    }
    this.#link.gate.pauseIfFull()
  }

  drained(): void {
    if (!this.outbox.isCongested) this.subscriptions.resumeAll()
  }

  sayGoodbye(error: BrokerError): void {
    this.outbox.error(opcodes.goodbye, 0, error)
  }

  giveBack(): void {
    // Why lost even when the peer closed in order: the kernel also closes for a process that was killed. Only
    // UNSUBSCRIBE says that the member has finished.
    this.subscriptions.leaveAll('lost')
  }

  closed(): void {
    // Why again: a request that was in progress at the end may have subscribed since.
    this.giveBack()
    this.#ended(this)
  }

  // ── Requests ─────────────────────────────────────────────────────────────────────────────────────────────

  async #finish(pending: Promise<void>, opcode: Opcode, correlation: number, size: number): Promise<void> {
    this.#link.gate.begun(size)
    try {
      await pending
    } catch (error) {
      this.#refuse(opcode, correlation, error)
    } finally {
      this.#link.gate.ended(size)
      this.#link.gate.pauseIfFull()
      if (this.#link.gate.requestsInProgress === 0) this.#link.idle()
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
      if (clientName !== '') this.#peerName = `${clientName} at ${this.#link.remote}`
      this.#link.intake.allow(this.services.limits.frameBytesMax)
      this.#link.watch.opened(keepAliveMs)
      this.#phase = 'open'
    } catch (error) {
      const expected = expectedFailure(error)
      if (expected?.code !== 'unsupported-version') return this.#link.giveUp(asViolation(error))
      this.outbox.error(opcode, correlation, expected)
      this.#link.giveUp(expected)
    }
  }
}

function unknownOpcode(opcode: number): BrokerError {
  return new BrokerError('unknown-method', `There is no request with opcode ${opcode}`)
}

function unknownFlags(flags: number): BrokerError {
  return new BrokerError('invalid-request', `A request with flags ${flags}`)
}
