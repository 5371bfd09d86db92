// One connection of a Kafka client: bytes in, requests in their order, answers in the same order, and an end
// for whoever misbehaves. Must never let a peer make it hold more than its bounds, nor begin a request whose
// answer could miss what an earlier one has done.

import type { ByteConnection, ByteConnectionHandler } from '@sluice/protocol/bytes/byte-connection'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { KafkaApi } from '@sluice/protocol/kafka/kafka-api'
import { asViolation, expectedFailure } from '../connections/failure.ts'
import { FrameIntake } from '../connections/frame-intake.ts'
import { PeerWatchState } from '../connections/peer-watch-state.ts'
import { RequestGate } from '../connections/request-gate.ts'
import type { GateOwner } from '../connections/request-gate.ts'
import { unsupportedApiVersions } from './handlers/api-versions.ts'
import { kafkaErrorOf } from './kafka-errors.ts'
import { answerParts, apiVersionsKey, frameReader, readClientId, readHead } from './kafka-frames.ts'
import type { RequestHead } from './kafka-frames.ts'
import type { HandlerRow, HandlerTable } from './handler-row.ts'
import { KafkaOutbox } from './kafka-outbox.ts'
import type { Ticket } from './kafka-outbox.ts'
import type { KafkaServices, KafkaSession } from './kafka-session.ts'

/** Of what a client calls itself in a log line. */
const clientNameMax = 200

/** `stopping` takes no more requests; `over` does nothing any more. */
type Phase = 'open' | 'stopping' | 'over'

/** What a connection belongs to. */
export interface KafkaDoor {
  readonly services: KafkaServices
  readonly table: HandlerTable
  /** Called once, when a connection is over. */
  readonly ended: (connection: KafkaConnection) => void
}

/** A request that has begun. */
interface Task {
  readonly row: HandlerRow
  readonly head: RequestHead
  readonly request: unknown
  readonly sizeBytes: number
  readonly ticket: Ticket
}

export class KafkaConnection implements KafkaSession, ByteConnectionHandler, GateOwner {
  readonly listener: number
  readonly #door: KafkaDoor
  readonly #connection: ByteConnection
  readonly #outbox: KafkaOutbox
  readonly #intake: FrameIntake
  readonly #gate: RequestGate
  readonly #watch: PeerWatchState
  readonly #abort = new AbortController()
  #phase: Phase = 'open'
  #clientId = ''
  #turn = 0
  #hasReceived = false
  /** A request that begins when all before it are answered. Owned; at most one, since the gate is shut. */
  #deferred: Uint8Array | undefined
  #whenIdle: (() => void) | undefined

  /** Owns the connection. */
  constructor(connection: ByteConnection, listener: number, door: KafkaDoor) {
    const { limits, bounds } = door.services
    this.listener = listener
    this.#door = door
    this.#connection = connection
    this.#outbox = new KafkaOutbox(connection)
    this.#intake = new FrameIntake(this, this.#frame, bounds.room, limits.kafkaFrameBytesMax)
    this.#gate = new RequestGate(this, limits, bounds)
    this.#watch = new PeerWatchState({ ...limits, handshakeTimeoutMs: 0 })
    this.#watch.opened(limits.kafkaIdleMs)
  }

  start(): void {
    this.#connection.start(this)
  }

  // ── For handlers ─────────────────────────────────────────────────────────────────────────────────────────

  get services(): KafkaServices {
    return this.#door.services
  }

  get apis(): readonly KafkaApi<unknown, unknown>[] {
    return this.#door.table.apis
  }

  get clientId(): string {
    return this.#clientId
  }

  get clientHost(): string {
    return `/${this.#connection.remote.replace(/:\d+$/, '')}`
  }

  get peerName(): string {
    const { remote } = this.#connection
    return this.#clientId === '' ? remote : `${this.#clientId.slice(0, clientNameMax)} at ${remote}`
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  reserve(bytes: number): void {
    this.#gate.reserve(bytes)
  }

  release(bytes: number): void {
    this.#gate.release(bytes)
  }

  lend(bytes: Uint8Array, release: () => void): void {
    this.#outbox.lend(bytes, release)
  }

  takeTurn(count: number): number {
    this.#turn = (this.#turn + 1) % count
    return this.#turn
  }

  throttleTimeMs(): number {
    return 0
  }

  // ── The connection ───────────────────────────────────────────────────────────────────────────────────────

  get isCongested(): boolean {
    return this.#outbox.isCongested
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
    this.#outbox.drained()
    this.#gate.advance()
  }

  closed(reason?: Error): void {
    const { logger } = this.services
    if (this.#phase !== 'over') {
      logger.debug({ peer: this.peerName, reason: reason?.message }, 'Kafka connection closed')
    }
    this.#end()
    this.#whenIdle?.()
    this.#door.ended(this)
  }

  pause(): void {
    this.#connection.pause()
  }

  resume(): void {
    if (this.#phase === 'over' || this.#gate.isPaused || this.#intake.isWaiting) return
    this.#connection.resume()
  }

  /** Called a few times a second, with the time that this process has been awake. */
  tick(nowMs: number): void {
    if (this.#phase === 'over') return
    const { pendingBytes, flushedBytes } = this.#connection
    const verdict = this.#watch.tick(nowMs, {
      hasReceived: this.#hasReceived,
      hasWritten: this.#outbox.takeHasWritten(),
      // Why also while it waits for an answer: it need not say anything then.
      isPaused: this.#gate.isPaused || this.#intake.isWaiting || this.#outbox.waitingCount > 0,
      isUnfinished: this.#intake.takeIsUnfinished() && !this.#gate.isPaused,
      pendingBytes,
      flushedBytes,
    })
    this.#hasReceived = false
    if (verdict === 'fine' || verdict === 'ping') return
    if (verdict === 'peer-silent') return this.#leaveIdle()
    // Why another word: a frame that had no room is not late by its peer's fault.
    const code = verdict === 'frame-timeout' && this.#intake.isWaiting ? 'too-many-requests' : verdict
    const error = new BrokerError(code, `${this.peerName}: ${code.replaceAll('-', ' ')}`)
    if (verdict !== 'peer-stalled') return this.#giveUp(error)
    this.#warn(error)
    this.#end()
    this.#connection.destroy(error)
  }

  /** Answers what has begun, begins nothing more, and closes. */
  async stop(): Promise<void> {
    if (this.#phase === 'over') return
    this.#phase = 'stopping'
    this.#abort.abort(new BrokerError('stopping', 'The broker is shutting down'))
    if (this.#outbox.waitingCount > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    }
    this.#end()
    this.#connection.close()
  }

  // ── Requests ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Runs one request, `bytes[start, end)`. */
  run(bytes: Uint8Array, start: number, end: number): void {
    if (this.#phase !== 'open') return
    try {
      this.#begin(bytes, start, end)
    } catch (error) {
      this.#giveUp(asViolation(error))
    }
    this.#gate.pauseIfFull()
  }

  readonly #frame = (bytes: Uint8Array, start: number, end: number, isOwned: boolean): void => {
    this.#gate.offer(bytes, start, end, isOwned)
  }

  #begin(bytes: Uint8Array, start: number, end: number): void {
    const reader = frameReader(bytes, start, end)
    const head = readHead(reader)
    const row = this.#door.table.find(head.key)
    if (row === undefined) throw unknownKey(head)
    if (!row.overlaps && this.#outbox.waitingCount > 0) return this.#defer(bytes, start, end)
    const { api } = row
    const task = { row, head, sizeBytes: end - start, ticket: this.#outbox.open() }
    if (head.version < api.versions.from || head.version > api.versions.to) {
      if (head.key !== apiVersionsKey) throw unknownVersion(api, head)
      const inFirst = { ...task, head: { ...head, version: 0 }, request: undefined }
      return this.#answer(inFirst, unsupportedApiVersions(api))
    }
    this.#clientId = readClientId(reader, head.version >= api.flexibleFrom)
    this.#carryOut({ ...task, request: api.readRequest(reader, head.version) })
  }

  #carryOut(task: Task): void {
    const { row, head, request } = task
    try {
      const answer = row.handle(this, request, head.version)
      if (answer instanceof Promise) void this.#finish(task, answer)
      else this.#answer(task, answer)
    } catch (error) {
      this.#refuse(task, error)
    }
  }

  async #finish(task: Task, pending: Promise<unknown>): Promise<void> {
    const { row, sizeBytes } = task
    this.#gate.begun(sizeBytes)
    if (!row.overlaps) this.#gate.hold()
    try {
      this.#answer(task, await pending)
    } catch (error) {
      this.#refuse(task, error)
    } finally {
      this.#settled()
      this.#gate.ended(sizeBytes)
      if (!row.overlaps) this.#gate.letGo()
      this.#gate.pauseIfFull()
    }
  }

  /** Keeps a request until all before it are answered, and all after it as long. */
  #defer(bytes: Uint8Array, start: number, end: number): void {
    // Why not `slice`: of a Buffer, which is what sockets give, it is another view.
    this.#deferred = new Uint8Array(bytes.subarray(start, end))
    this.#gate.hold()
    this.#gate.reserve(end - start)
  }

  #settled(): void {
    if (this.#outbox.waitingCount > 0) return
    const frame = this.#deferred
    if (frame !== undefined) {
      this.#deferred = undefined
      this.run(frame, 0, frame.length)
      this.#gate.release(frame.length)
      this.#gate.letGo()
    }
    if (this.#outbox.waitingCount === 0) this.#whenIdle?.()
  }

  #answer({ row, head, ticket }: Task, response: unknown): void {
    if (this.#phase === 'over') return
    const parts = response === undefined ? undefined : answerParts(row.api, head, response)
    this.#outbox.ready(ticket, parts)
  }

  #refuse(task: Task, error: unknown): void {
    if (this.#phase === 'over') return
    const { row, head, request } = task
    if (expectedFailure(error) === undefined) {
      const fields = { error, peer: this.peerName, api: row.api.name, version: head.version }
      this.services.logger.error(fields, 'a request failed for no foreseen reason')
    }
    try {
      if (row.refuse === undefined) throw error
      this.#answer(task, row.refuse(request, kafkaErrorOf(error), head.version))
    } catch (failure) {
      const text = `${row.api.name} cannot be answered`
      this.#giveUp(expectedFailure(failure) ?? new BrokerError('internal', text, { cause: failure }))
    }
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Nothing was asked for so long that its memory is better spent on others. */
  #leaveIdle(): void {
    this.services.logger.debug({ peer: this.peerName }, 'idle Kafka connection closed')
    this.#end()
    this.#connection.close()
  }

  /** Kafka's protocol has no last word: the connection just ends, and the reason is in our log. */
  #giveUp(error: BrokerError): void {
    if (this.#phase === 'over') return
    this.#warn(error)
    this.#end()
    this.#connection.close()
  }

  #end(): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#outbox.close()
    this.#intake.close()
    this.#gate.close()
    if (this.#deferred !== undefined) this.#gate.release(this.#deferred.length)
    this.#deferred = undefined
    this.#abort.abort(new BrokerError('aborted', `${this.peerName} has gone`))
  }

  #warn({ code, message }: BrokerError): void {
    this.services.logger.warn({ peer: this.peerName, code, reason: message }, 'Kafka connection given up')
  }
}

function unknownKey({ key }: RequestHead): BrokerError {
  return new BrokerError('unsupported-version', `There is no request with API key ${key}`)
}

function unknownVersion(
  { name, versions }: KafkaApi<unknown, unknown>,
  { version }: RequestHead,
): BrokerError {
  const text = `${name} is asked for in version ${version}; served are ${versions.from} to ${versions.to}`
  return new BrokerError('unsupported-version', text)
}
