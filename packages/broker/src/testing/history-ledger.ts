// Everything that was seen in one history, and what follows from it: feeds the reference models and stops
// the run at the first claim that is refuted. Must never act.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Message } from '@sluice/client'
import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import { settleVerbs } from '@sluice/protocol/native/flow-messages'
import type { Settle } from '@sluice/protocol/native/flow-messages'
import type { DoorDelivery, DoorPlace, DoorWatcher } from './history-door.ts'
import { idOf, payloadOf } from './history-payload.ts'
import type { StreamPlan } from './history-plan.ts'
import { newStreamRecord } from './history-records.ts'
import type { ConsumerRecord, StreamRecord } from './history-records.ts'
import { ReferenceConsumer } from './reference-consumer.ts'
import type { ReferenceMoment, SeenDelivery } from './reference-consumer.ts'
import { ReferenceStream } from './reference-stream.ts'
import type { FoundLog, Removal, SentMessage } from './reference-stream.ts'
import type { ReferenceMember } from './reference-track.ts'
import { Violation } from './reference-violation.ts'
import type { SimScheduler } from './sim-scheduler.ts'

/** Kept for the report of a failure. */
const eventsMax = 100_000

export class HistoryLedger implements DoorWatcher {
  readonly streams = new Map<string, StreamRecord>()
  readonly messages = new Map<string, SentMessage>()
  readonly counts = { published: 0, confirmed: 0, delivered: 0, seen: 0, settled: 0, letters: 0, crashes: 0 }
  violation: unknown
  /** Clients are being closed. */
  isOver = false
  /** Streams and consumers that were deleted in this history. */
  deletions = 0
  /** Since the last start that was audited: the power was lost, the process did not end in order. */
  hasLostPower = false
  hasCrashed = false
  /** Ever. */
  hadCrash = false
  readonly #scheduler: SimScheduler
  readonly #wallMs: () => number
  readonly #events: string[] = []
  readonly #inTransit = new Map<string, SeenDelivery[]>()
  readonly #retiredIds = new Set<number>()

  /** `wallMs` is what the clock of the broker's machine says. */
  constructor(scheduler: SimScheduler, plans: readonly StreamPlan[], wallMs: () => number) {
    this.#scheduler = scheduler
    this.#wallMs = wallMs
    for (const plan of plans) this.streams.set(plan.name, newStreamRecord(plan))
  }

  get nowMs(): number {
    return this.#scheduler.nowMs
  }

  get wallMs(): number {
    return this.#wallMs()
  }

  get #moment(): ReferenceMoment {
    return { nowMs: this.nowMs, wallMs: this.wallMs }
  }

  recentEvents(count: number): readonly string[] {
    return this.#events.slice(Math.max(0, this.#events.length - count))
  }

  /** A line for whoever reads how a run went wrong; part of what two runs must have in common. */
  note(text: string): void {
    this.#scheduler.note(text)
    this.#events.push(`${this.nowMs.toFixed(3)} ${text}`)
    if (this.#events.length > 2 * eventsMax) this.#events.splice(0, eventsMax)
  }

  /** The run ends here; the first reason counts. */
  fail(reason: unknown): void {
    if (this.violation !== undefined) return
    this.violation = reason
    this.note(`VIOLATED ${reason instanceof Error ? reason.message : String(reason)}`)
  }

  /** Runs a check. */
  claim(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.fail(error)
    }
  }

  /** An answer to something asked: all errors but these say that something is wrong with the broker. */
  expectError(error: unknown, what: string, allowed: readonly ErrorCode[]): void {
    const code = error instanceof BrokerError ? error.code : undefined
    if (code !== undefined && allowed.includes(code)) return
    this.fail(
      new Violation(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    )
  }

  // ── Publishing and reading ───────────────────────────────────────────────────────────────────────────────

  sent(stream: ReferenceStream, message: SentMessage): void {
    this.messages.set(message.id, message)
    stream.sent(message)
    this.counts.published++
  }

  stored(stream: ReferenceStream, message: SentMessage, partition: number, offset: number): void {
    if (stream.isRetired) return
    this.counts.confirmed++
    this.note(`stored ${message.id} ${stream.name}/${partition}@${offset}`)
    this.claim(() => stream.learn(partition, offset, message))
  }

  /** The message that these bytes are. */
  identify(where: string, subject: string, payload: Uint8Array): SentMessage {
    const message = this.messages.get(idOf(payload))
    if (message === undefined) throw new Violation(`${where} is no message that was ever sent`)
    if (message.subject !== subject)
      throw new Violation(`${where}: ${message.id} is of ${message.subject}, not ${subject}`)
    if (payloadOf(message.id, message.sizeBytes).equals(payload)) return message
    throw new Violation(`${where}: the bytes of ${message.id} are not those that were sent`)
  }

  // ── Deliveries ───────────────────────────────────────────────────────────────────────────────────────────

  delivered(place: DoorPlace, member: ReferenceMember, delivery: DoorDelivery): void {
    this.claim(() => {
      const { partition, offset, attempt, subject, payload } = delivery
      const consumer = this.#consumerAt(place)
      if (consumer === undefined) return
      const where = `${place.stream}/${partition}@${offset}`
      const message = this.identify(where, subject, payload)
      this.note(
        `deliver ${place.consumer} ${where} ${message.id} ${subject} attempt ${attempt} to ${member.name}`,
      )
      consumer.stream.reference.learn(partition, offset, message)
      const track = consumer.reference.delivered({ ...delivery, message }, member, this.#moment)
      consumer.stream.reference.seen(partition, offset, this.nowMs)
      this.counts.delivered++
      const key = transitKey(place.stream, place.consumer, delivery, message.id)
      const waiting = this.#inTransit.get(key) ?? []
      this.#inTransit.set(key, waiting)
      const { boot } = consumer.reference
      waiting.push({ consumer: consumer.reference, track, attempt, boot })
    })
  }

  settled(place: DoorPlace, member: ReferenceMember, settle: Settle, refusal: ErrorCode | undefined): void {
    this.claim(() => {
      const consumer = this.#consumerAt(place)
      if (consumer === undefined) return
      const verb = Object.entries(settleVerbs).find(([, value]) => value === settle.verb)![0]
      const token = `${settle.partition}/${settle.slot}/${settle.sequence}`
      this.note(
        `settle ${place.stream} ${place.consumer} ${verb} ${token} by ${member.name} ${refusal ?? 'taken'}`,
      )
      consumer.reference.settled(settle, member, refusal, this.nowMs)
    })
  }

  joined(place: DoorPlace, member: ReferenceMember): void {
    this.claim(() => {
      this.note(`join ${place.stream} ${place.consumer} ${member.name} window ${member.window}`)
      this.#consumerAt(place)?.reference.room.members.add(member)
    })
  }

  left(place: DoorPlace, member: ReferenceMember, how: 'closed' | 'lost'): void {
    this.claim(() => {
      this.note(`leave ${place.stream} ${place.consumer} ${member.name} ${how}`)
      this.#consumerAt(place)?.reference.left(member, how, this.nowMs)
    })
  }

  /** A client's user holds the message. Undefined where the stream or consumer is not followed any more. */
  seen(consumer: ConsumerRecord, message: Message): SeenDelivery | undefined {
    this.counts.seen++
    try {
      const { stream, partition, offset, subject, attempt } = message
      const where = `${consumer.name} ${stream}/${partition}@${offset}`
      const { id } = this.identify(where, subject, message.data ?? Buffer.alloc(0))
      const seen = this.#inTransit.get(transitKey(stream, consumer.name, message, id))?.shift()
      // Why: what a consumer delivered while it was being deleted is not followed, and may be seen later.
      if (seen !== undefined || consumer.stream.state !== 'alive' || consumer.wasDeleted) return seen
      throw new Violation(`${where}: ${id}, attempt ${attempt}, is seen more often than it was delivered`)
    } catch (error) {
      this.fail(error)
      return undefined
    }
  }

  confirmed(seen: SeenDelivery, verb: 'ack' | 'nack' | 'reject'): void {
    const { consumer, track, attempt } = seen
    this.counts.settled++
    this.note(`confirmed ${consumer.name} ${verb} ${track.partition}@${track.offset} attempt ${attempt}`)
    this.claim(() => consumer.confirmed(seen, verb))
  }

  #consumerAt({ stream, consumer, id }: DoorPlace): ConsumerRecord | undefined {
    const record = this.streams.get(stream)?.consumers.get(consumer)
    if (record === undefined || record.stream.state !== 'alive' || !record.isFollowed) return undefined
    if (this.#retiredIds.has(id))
      throw new Violation(`${stream} ${consumer}: its predecessor ${id}, deleted, is at work`)
    record.id ??= id
    if (record.id !== id) throw new Violation(`${stream} ${consumer} is ${record.id}, and at once ${id}`)
    return record
  }

  // ── What happens to streams, consumers and the broker ────────────────────────────────────────────────────

  /** Called before it is asked to be created: from then on its deliveries count. */
  consumerComes(record: ConsumerRecord): void {
    const { stream, name, configs } = record
    record.reference = new ReferenceConsumer(`${stream.plan.name} ${name}`, configs, stream.reference)
    record.isFollowed = true
  }

  consumerCame(record: ConsumerRecord): void {
    record.isAlive = true
    record.reference.orders.start.confirmed(this.nowMs)
  }

  /** Called before it is asked to be deleted: nothing is claimed of it any more. */
  consumerGoes(record: ConsumerRecord): void {
    record.isAlive = record.isFollowed = false
    record.wasDeleted = true
    record.reference.isRetired = true
    this.deletions++
    if (record.id !== undefined) this.#retiredIds.add(record.id)
    record.id = undefined
  }

  streamCreated(record: StreamRecord): void {
    const { name, config } = record.plan
    record.reference = new ReferenceStream(name, config)
    record.state = 'alive'
  }

  streamGoes(record: StreamRecord): void {
    record.state = 'absent'
    record.reference.isRetired = true
    for (const consumer of record.consumers.values()) this.consumerGoes(consumer)
  }

  crashed(mode: 'kill' | 'power', isInOrder = false): void {
    this.counts.crashes++
    this.hasLostPower ||= mode === 'power'
    this.hasCrashed ||= !isInOrder
    this.hadCrash ||= !isInOrder
    for (const { reference, consumers } of this.streams.values()) {
      const isForgetful = reference.durability === 'os' && mode === 'power'
      if (isForgetful) reference.doubtRemovals()
      for (const consumer of consumers.values()) consumer.reference.crashed(this.nowMs, isForgetful)
    }
  }

  /** What survived the last crashes is known. */
  audited(): void {
    this.hasLostPower = this.hasCrashed = false
  }

  forget(stream: StreamRecord, partition: number, found: FoundLog): void {
    stream.reference.forget(partition, found)
    for (const { reference } of stream.consumers.values()) reference.forget(partition, found)
  }

  /** Called before it is asked for. A new consumer of the same name has no past. */
  altering(record: ConsumerRecord, config: ConsumerConfig): void {
    record.configs.asked(config)
    record.reference.configChanged()
  }

  altered(record: ConsumerRecord, config: ConsumerConfig): void {
    record.configs.confirmed(config, this.nowMs)
    record.reference.configChanged()
  }

  removing(stream: StreamRecord, matches: Removal['matches']): Removal {
    return stream.reference.removing(matches)
  }

  /** From now on nobody is given these records, and who had them has them no more. */
  removed({ reference, consumers }: StreamRecord, removal: Removal): void {
    reference.removed(removal, this.nowMs)
    for (const consumer of consumers.values()) {
      for (const place of removal.known) {
        const track = consumer.reference.tracks.get(place)
        if (track !== undefined) consumer.reference.removed(track)
      }
    }
  }
}

function transitKey(
  stream: string,
  consumer: string,
  { partition, offset, attempt }: { partition: number; offset: number; attempt: number },
  id: string,
): string {
  return `${stream} ${consumer} ${partition}@${offset} ${attempt} ${id}`
}
