// One connection of a Kafka client: bytes in, requests in their order, answers in the same order, and an end
// for whoever misbehaves. Must never let a peer make it hold more than its bounds, nor begin a request whose
// answer could miss what an earlier one has done.

import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { KafkaApi } from '@sluice/protocol/kafka/kafka-api'
import { asViolation, expectedFailure } from '../connections/failure.ts'
import { PeerLink } from '../connections/peer-link.ts'
import type { LinkOwner } from '../connections/peer-link.ts'
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

export class KafkaConnection implements KafkaSession, LinkOwner {
  readonly listener: number
  readonly #door: KafkaDoor
  readonly #outbox: KafkaOutbox
  readonly #link: PeerLink
  /** Takes no more requests. */
  #isStopping = false
  #clientId = ''
  #isRequestOwned = false
  /** A request that begins when all before it are answered. Owned; at most one, since the gate is shut. */
  #deferred: Uint8Array | undefined

  /** Owns the connection. */
  constructor(connection: ByteConnection, listener: number, door: KafkaDoor) {
    const { kafkaFrameBytesMax, kafkaIdleMs } = door.services.limits
    this.listener = listener
    this.#door = door
    this.#outbox = new KafkaOutbox(connection, door.services.bounds.untaken)
    this.#link = new PeerLink(this, door.services, {
      connection,
      outbox: this.#outbox,
      frameBytesMax: kafkaFrameBytesMax,
      handshakeTimeoutMs: 0,
    })
    this.#link.watch.opened(kafkaIdleMs)
  }

  start(): void {
    this.#link.start()
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

  get isRequestOwned(): boolean {
    return this.#isRequestOwned
  }

  get clientHost(): string {
    return `/${this.#link.remote.replace(/:\d+$/, '')}`
  }

  get peerName(): string {
    const { remote } = this.#link
    return this.#clientId === '' ? remote : `${this.#clientId.slice(0, clientNameMax)} at ${remote}`
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

  lend(bytes: Uint8Array, release: () => void): void {
    this.#outbox.lend(bytes, release)
  }

  throttleTimeMs(): number {
    return 0
  }

  /** Called a few times a second, with the time that this process has been awake. */
  tick(nowMs: number): void {
    if (this.#link.isOver) return
    const verdict = this.#link.look(nowMs, this.#outbox.waitingCount > 0)
    // Why no ping: the protocol has none.
    if (verdict === 'fine' || verdict === 'ping') return
    if (verdict !== 'peer-silent') return this.#link.expire(verdict)
    this.services.logger.debug({ peer: this.peerName }, 'idle Kafka connection closed')
    this.#link.close()
  }

  /** Answers what has begun, begins nothing more, and closes. */
  async stop(): Promise<void> {
    if (this.#link.isOver) return
    this.#isStopping = true
    this.#link.abort(new BrokerError('stopping', 'The broker is shutting down'))
    if (this.#outbox.waitingCount > 0) await this.#link.untilIdle()
    this.#link.close()
  }

  // ── For the link ─────────────────────────────────────────────────────────────────────────────────────────

  run(bytes: Uint8Array, start: number, end: number, isOwned: boolean): void {
    if (this.#isStopping) return
    this.#isRequestOwned = isOwned
    try {
      this.#begin(bytes, start, end)
    } catch (error) {
      this.#link.giveUp(asViolation(error))
    }
    this.#link.gate.pauseIfFull()
  }

  giveBack(): void {
    if (this.#deferred !== undefined) this.#link.gate.release(this.#deferred.length)
    this.#deferred = undefined
  }

  closed(): void {
    this.#door.ended(this)
  }

  // ── Requests ─────────────────────────────────────────────────────────────────────────────────────────────

  #begin(bytes: Uint8Array, start: number, end: number): void {
    const reader = frameReader(bytes, start, end)
    const head = readHead(reader)
    const row = this.#door.table.find(head.key)
    if (row === undefined) throw unknownKey(head)
    if (!row.overlaps && this.#outbox.waitingCount > 0) return this.#defer(bytes, start, end)
    const { api } = row
    const sizeBytes = end - start
    const ticket = this.#outbox.open()
    if (head.version < api.versions.from || head.version > api.versions.to) {
      if (head.key !== apiVersionsKey) throw unknownVersion(api, head)
      const inFirst = { ...head, version: 0 }
      const task = { row, head: inFirst, request: undefined, sizeBytes, ticket }
      return this.#answer(task, unsupportedApiVersions(api))
    }
    this.#clientId = readClientId(reader, head.version >= api.flexibleFrom)
    const request = api.readRequest(reader, head.version)
    this.#carryOut({ row, head, request, sizeBytes, ticket })
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
    this.#link.gate.begun(sizeBytes)
    if (!row.overlaps) this.#link.gate.hold()
    try {
      this.#answer(task, await pending)
    } catch (error) {
      this.#refuse(task, error)
    } finally {
      this.#settled()
      this.#link.gate.ended(sizeBytes)
      if (!row.overlaps) this.#link.gate.letGo()
      this.#link.gate.pauseIfFull()
    }
  }

  /** Keeps a request until all before it are answered, and all after it as long. */
  #defer(bytes: Uint8Array, start: number, end: number): void {
    // Why not `slice`: of a Buffer, which is what sockets give, it is another view.
    this.#deferred = new Uint8Array(bytes.subarray(start, end))
    this.#link.gate.hold()
    this.#link.gate.reserve(end - start)
  }

  #settled(): void {
    if (this.#outbox.waitingCount > 0) return
    const frame = this.#deferred
    if (frame !== undefined) {
      this.#deferred = undefined
      this.#link.run(frame, 0, frame.length, true)
      this.#link.gate.release(frame.length)
      this.#link.gate.letGo()
    }
    if (this.#outbox.waitingCount === 0) this.#link.idle()
  }

  #answer({ row, head, ticket }: Task, response: unknown): void {
    if (this.#link.isOver) return
    const parts = response === undefined ? undefined : answerParts(row.api, head, response)
    this.#outbox.ready(ticket, parts)
  }

  #refuse(task: Task, error: unknown): void {
    if (this.#link.isOver) return
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
      this.#link.giveUp(expectedFailure(failure) ?? new BrokerError('internal', text, { cause: failure }))
    }
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
