// What operators have ordered of one flow consumer, as its model must know it: where it begins, what is
// paused, drained, and decided of blocked records. Between an order and its confirmation both hold.

import type { BlockedDecision } from '@sluice/protocol/model/consumer'
import type { ConfigsInForce } from './reference-configs.ts'
import { ReferenceDrains } from './reference-drains.ts'
import type { Drain } from './reference-drains.ts'
import { ReferencePauses } from './reference-pauses.ts'
import type { ReferenceRoom } from './reference-room.ts'
import { isMatch } from './reference-rules.ts'
import { ReferenceStart } from './reference-start.ts'
import { placeOf } from './reference-stream.ts'
import type { FoundLog, ReferenceStream } from './reference-stream.ts'
import type { ReferenceDelivery, Track } from './reference-track.ts'

/** What orders change and look at of the consumer. */
export interface OrderedConsumer {
  readonly configs: ConfigsInForce
  readonly stream: ReferenceStream
  readonly tracks: ReadonlyMap<string, Track>
  readonly room: ReferenceRoom
  unsettledOf(subject: string): ReadonlySet<Track>
  done(track: Track): void
}

/** A decision on all blocked records of a subject. */
export interface Unblocking {
  readonly subject: string
  readonly decision: BlockedDecision
  /** Those that were blocked for certain. */
  readonly sure: ReadonlySet<Track>
}

export class ReferenceOrders {
  readonly pauses = new ReferencePauses()
  readonly drains = new ReferenceDrains()
  readonly start: ReferenceStart
  readonly #consumer: OrderedConsumer
  #unblocking: Unblocking | undefined

  /** Made when the consumer is asked for. */
  constructor(consumer: OrderedConsumer) {
    this.#consumer = consumer
    this.start = new ReferenceStart(consumer.configs.newest.deliverFrom, consumer.stream)
  }

  /** Why a record must not be delivered. */
  faultOf(
    { partition, offset, message }: ReferenceDelivery,
    track: Track,
    wallMs: number,
  ): string | undefined {
    if (this.#consumer.stream.isGone(partition, offset)) return 'it was removed from the log'
    if (this.drains.isSettled(partition, offset)) return 'it was drained'
    if (track.blocked === 'yes') return 'it is blocked, and nobody decided on it'
    const paused = this.pauses.holding(message.subject, wallMs)
    if (paused !== undefined) return `${paused} is paused`
    return this.start.faultOf(partition, offset, message.subject)
  }

  // ── Draining ─────────────────────────────────────────────────────────────────────────────────────────────

  draining(match: string): Drain {
    const { stream, tracks, room } = this.#consumer
    const waiting: string[] = []
    stream.partitions.forEach((records, partition) => {
      records.forEach((message, offset) => {
        if (message === undefined || !isMatch(match, message.subject)) return
        const place = placeOf(partition, offset)
        if (tracks.get(place)?.out === undefined) waiting.push(place)
      })
    })
    return this.drains.asked(match, waiting, room.outs)
  }

  drained(drain: Drain, nowMs: number): void {
    const { tracks } = this.#consumer
    for (const place of drain.waiting) {
      const track = tracks.get(place)
      if (track !== undefined && track.settled !== 'done') this.#consumer.done(track)
    }
    this.drains.confirmed(drain, nowMs)
  }

  // ── Deciding ─────────────────────────────────────────────────────────────────────────────────────────────

  unblocking(subject: string, decision: BlockedDecision): Unblocking {
    const blocked = [...this.#consumer.unsettledOf(subject)].filter((track) => {
      return track.blocked !== 'no' || track.out !== undefined
    })
    const sure = new Set(blocked.filter((track) => track.blocked === 'yes' && track.settled === 'no'))
    this.#unblocking = { subject, decision, sure }
    for (const track of blocked) this.#decide(track, decision)
    return this.#unblocking
  }

  unblocked({ subject, decision, sure }: Unblocking, nowMs: number): void {
    this.#unblocking = undefined
    for (const track of this.#consumer.unsettledOf(subject)) {
      if (track.decided !== decision) continue
      const { out } = track
      if (out === undefined && sure.has(track)) this.#carryOut(track, decision)
      // What is overdue may have failed unseen, and been blocked, before the decision.
      if (out !== undefined && out.deadlineMs > nowMs) track.decided = undefined
    }
  }

  /** A record has failed for the last time: a decision that is under way may mean it too. */
  blocked(track: Track): void {
    const { subject, decision } = this.#unblocking ?? {}
    if (track.decided !== undefined) this.#decide(track, track.decided)
    else if (decision !== undefined && track.message.subject === subject) this.#decide(track, decision)
  }

  /** From now on it may be carried out. What is out yet may fail before. */
  #decide(track: Track, decision: BlockedDecision): void {
    track.decided = decision
    if (decision === 'retry') track.failuresConfirmed = 0
    if (track.out !== undefined) return
    track.blocked = 'maybe'
    track.isBlockConfirmed = false
    if (decision === 'retry') track.failuresMin = 0
    else track.settled = 'maybe'
  }

  #carryOut(track: Track, decision: BlockedDecision): void {
    track.decided = undefined
    track.blocked = 'no'
    if (decision === 'retry') {
      track.failuresMin = track.failuresMax = 0
      return
    }
    track.isCondemned = decision === 'dead-letter'
    this.#consumer.done(track)
  }

  // ── What happens to the broker ───────────────────────────────────────────────────────────────────────────

  doubt(): void {
    this.drains.doubt()
  }

  forget(partition: number, found: FoundLog): void {
    this.drains.forget(partition, found)
    this.start.forget(partition, found)
  }
}
