// The reference model of one flow consumer: which records may be delivered now, to whom, and as which
// attempt. It is told what passes the door between the broker and its members, with exact virtual times,
// and what was confirmed to these; it refutes what breaks docs/internals/flow-control.md. Must never look
// into the broker. What operators do to it is in reference-orders.ts.

import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import { delayByBackoff, settleVerbs } from '@sluice/protocol/native/flow-messages'
import type { Settle } from '@sluice/protocol/native/flow-messages'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import type { ConfigsInForce } from './reference-configs.ts'
import { ReferenceOrders } from './reference-orders.ts'
import { ReferenceRates } from './reference-rates.ts'
import { ReferenceRoom } from './reference-room.ts'
import type { FoundLog, ReferenceStream, SentMessage } from './reference-stream.ts'
import { placeOf } from './reference-stream.ts'
import { newTrack } from './reference-track.ts'
import type { ReferenceDelivery, ReferenceMember, Track } from './reference-track.ts'
import { Violation } from './reference-violation.ts'

/** Timers fire later than asked; settles of one turn share one reading of the clock. */
const slackMs = 0.6
/** Wall clocks are read in whole milliseconds, and a delay is kept across a crash by the wall clock. */
const wallSlackMs = 1

/** One delivery as the door has seen it, for the client that sees it next. */
export interface SeenDelivery {
  readonly consumer: ReferenceConsumer
  readonly track: Track
  readonly attempt: number
  readonly boot: number
}

/** How late it is: the virtual time, and what the wall clock of the broker says. */
export interface ReferenceMoment {
  readonly nowMs: number
  readonly wallMs: number
}

export class ReferenceConsumer {
  readonly name: string
  readonly configs: ConfigsInForce
  readonly stream: ReferenceStream
  readonly tracks = new Map<string, Track>()
  readonly room: ReferenceRoom
  readonly rates = new ReferenceRates()
  readonly orders: ReferenceOrders
  /** Deleted, or about to be. */
  isRetired = false
  readonly #bySubject = new Map<string, Set<Track>>()
  /** By partition and subject: the last offset that was delivered for the first time. */
  readonly #firstsEnd = new Map<string, number>()
  /** Which life of the broker this is. */
  #boot = 1
  /** The last life whose confirmations may be lost. */
  #forgottenBoot = 0
  #wallJumpedMs = -1
  #deliveries = 0

  constructor(name: string, configs: ConfigsInForce, stream: ReferenceStream) {
    this.name = name
    this.configs = configs
    this.stream = stream
    this.room = new ReferenceRoom(configs, (track, nowMs) => this.#mayHaveEnded(track, nowMs))
    this.orders = new ReferenceOrders(this)
  }

  get boot(): number {
    return this.#boot
  }

  get #config(): ConsumerConfig {
    return this.configs.newest
  }

  // ── What passes the door ─────────────────────────────────────────────────────────────────────────────────

  delivered(delivery: ReferenceDelivery, member: ReferenceMember, at: ReferenceMoment): Track {
    const { partition, offset, message, attempt } = delivery
    const place = placeOf(partition, offset)
    const before = this.tracks.get(place)
    const track = before ?? newTrack(partition, offset, message)
    const where = this.#where(track, `attempt ${attempt} to ${member.name}`)
    if (track.message !== message) throw new Violation(`${where}: it was ${track.message.id} before`)
    if (!this.configs.mayWant(message.subject)) throw new Violation(`${where}: the filter leaves it out`)
    if (track.isSettleConfirmed) throw new Violation(`${where}: it was settled, and that was confirmed`)
    if (track.settled === 'done') throw new Violation(`${where}: it is settled`)
    this.orders.drains.delivered(place)
    const fault = this.orders.faultOf(delivery, track, at.wallMs)
    if (fault !== undefined) throw new Violation(`${where}: ${fault}`)
    this.#checkAttempt(track, attempt, where, at.nowMs)
    this.#checkTime(track, attempt, where, at.nowMs)
    this.room.outs.delete(track)
    track.out = undefined
    this.#checkRoom(track, member, where, at.nowMs)
    this.#checkOrder(track, before === undefined, where, at.nowMs)
    this.tracks.set(place, track)
    this.#begin(track, delivery, member, at.nowMs)
    return track
  }

  #begin(track: Track, delivery: ReferenceDelivery, member: ReferenceMember, nowMs: number): void {
    const { slot, sequence, attempt, message } = delivery
    const { ackWaitMs, ackPolicy } = this.#config
    track.settled = 'no'
    track.isCondemned = false
    track.blocked = 'no'
    track.isBlockConfirmed = false
    track.decided = undefined
    track.boot = this.#boot
    track.deliveredMs = nowMs
    track.failuresMin = track.failuresMax = attempt - 1
    track.isLoose = !this.configs.limits(message.subject).isStrict
    this.unsettledOf(message.subject).add(track)
    if (ackPolicy === 'none') return this.done(track)
    const deadlineMs = ackWaitMs === 0 ? Infinity : nowMs + ackWaitMs
    track.out = { member, slot, sequence, attempt, order: ++this.#deliveries, deadlineMs }
    this.room.outs.add(track)
  }

  #checkAttempt(track: Track, attempt: number, where: string, nowMs: number): void {
    const { maxDeliver } = this.#config
    if (maxDeliver > 0 && attempt > maxDeliver) throw new Violation(`${where}: maxDeliver is ${maxDeliver}`)
    const { out, failuresMin, failuresMax } = track
    if (out === undefined) {
      if (attempt - 1 >= failuresMin && attempt - 1 <= failuresMax) return
      throw new Violation(`${where}: ${failuresMin} to ${failuresMax} attempts have failed`)
    }
    if (nowMs < out.deadlineMs) throw new Violation(`${where}: ${out.member.name} has it`)
    if (track.decided === 'retry' && attempt === 1) return
    if (attempt !== out.attempt + 1) throw new Violation(`${where}: attempt ${out.attempt} has timed out`)
  }

  #checkTime(track: Track, attempt: number, where: string, nowMs: number): void {
    let { notBeforeMs } = track
    const isSameBoot = track.boot === this.#boot
    if (isSameBoot && track.out !== undefined)
      notBeforeMs = track.out.deadlineMs + this.#backoffMs(attempt - 1)
    if (!isSameBoot && (!track.isDelayConfirmed || this.#wallJumpedMs >= track.failedAtMs)) return
    const earlyMs = notBeforeMs - nowMs - (isSameBoot ? slackMs : wallSlackMs + slackMs)
    if (earlyMs > 0) throw new Violation(`${where}: that is ${earlyMs.toFixed(3)} ms too early`)
  }

  #checkRoom({ message }: Track, member: ReferenceMember, where: string, nowMs: number): void {
    const full = this.room.fullFor(message.subject, nowMs)
    if (full !== undefined) throw new Violation(`${where}: ${full}`)
    const tooFast = this.rates.delivered(this.configs.sureRates(message.subject), nowMs)
    if (tooFast !== undefined) throw new Violation(`${where}: that makes ${tooFast}`)
    if (member.pulled > 0) {
      member.pulled--
      return
    }
    const held = this.room.heldBy(member, nowMs)
    if (held >= member.window) throw new Violation(`${where}: it has ${held}, window ${member.window}`)
  }

  /**
   * First deliveries come in the order of offsets; where the limit is 1, nothing overtakes what came back.
   */
  #checkOrder({ partition, offset, message }: Track, isFirst: boolean, where: string, nowMs: number): void {
    const { subject } = message
    const { isStrict } = this.configs.limits(subject)
    const key = `${partition} ${subject}`
    const end = this.#firstsEnd.get(key) ?? -1
    // Why asked: what a drain or a filter has passed over may come back where a crash has undone that.
    if (isFirst && offset < end && this.mustBeGiven(partition, offset, message))
      throw new Violation(`${where}: ${end} of ${subject} was delivered before it`)
    this.#firstsEnd.set(key, Math.max(end, offset))
    for (const other of this.unsettledOf(subject)) {
      if (other.partition !== partition) continue
      if (other.blocked === 'yes' && !this.#mayBeSettledUnseen(other))
        throw new Violation(`${where}: ${other.offset} of ${subject} is blocked, and nobody decided on it`)
      if (!isStrict || other.offset >= offset || other.isLoose || this.isPossiblySettled(other, nowMs))
        continue
      throw new Violation(`${where}: ${other.offset} of ${subject} is before it and not settled`)
    }
  }

  /** A settle came to the broker, which took it, or refused it with a code. */
  settled(settle: Settle, member: ReferenceMember, refusal: ErrorCode | undefined, nowMs: number): void {
    if (this.#config.ackPolicy === 'none') return
    const { partition, slot, sequence, verb } = settle
    const track = this.room.holderOf(partition, slot, sequence, member)
    const name = Object.entries(settleVerbs).find(([, value]) => value === verb)![0]
    if (refusal !== undefined) return this.#refused(track, `${name} by ${member.name}`, refusal, nowMs)
    if (track === undefined) {
      const token = `${partition}/${slot}/${sequence}`
      throw new Violation(
        `${this.name}: ${name} of ${token} by ${member.name} was taken, though it has it no more`,
      )
    }
    this.#carryOut(track, settle, nowMs)
  }

  #refused(track: Track | undefined, what: string, refusal: ErrorCode, nowMs: number): void {
    const isStale = refusal === 'stale-delivery'
    if (track === undefined && isStale) return
    const isOverdue = track !== undefined && track.out!.deadlineMs <= nowMs
    if (track !== undefined && isStale && !isOverdue && this.#mayBeGone(track)) return this.removed(track)
    if (!isStale || !isOverdue) {
      const of = track === undefined ? 'something' : this.#where(track, '')
      throw new Violation(`${what} of ${of} was refused: ${refusal}`)
    }
    this.#timedOut(track!)
    if (track!.settled === 'no' && this.#mayBeGone(track!)) track!.settled = 'maybe'
  }

  #carryOut(track: Track, { verb, delayMs }: Settle, nowMs: number): void {
    const { attempt } = track.out!
    switch (verb) {
      case settleVerbs.working:
        if (this.#config.ackWaitMs > 0) track.out!.deadlineMs = nowMs + this.#config.ackWaitMs
        return
      case settleVerbs.ack:
        if (this.#config.ackPolicy === 'all') this.#ackEarlier(track, nowMs)
        return this.done(track)
      case settleVerbs.reject:
        track.isCondemned = true
        return this.done(track)
      case settleVerbs.release:
        return this.#back(track, nowMs, 0)
      case settleVerbs.nack:
        return this.#failed(track, nowMs, delayMs === delayByBackoff ? this.#backoffMs(attempt) : delayMs)
    }
  }

  /** All that the member was given before of the partition is settled too. */
  #ackEarlier(track: Track, nowMs: number): void {
    const { member, order } = track.out!
    const earlier = [...this.room.outs].filter(({ partition, out }) => {
      return partition === track.partition && out!.member === member && out!.order < order
    })
    for (const other of earlier) {
      const isOverdue = other.out!.deadlineMs <= nowMs
      if (isOverdue) this.#maybeTimedOut(other)
      else this.done(other)
      if (isOverdue) other.settled = 'maybe'
    }
    track.ackedWith = earlier
  }

  /** A member is gone: what it held was released, or has failed. */
  left(member: ReferenceMember, how: 'closed' | 'lost', nowMs: number): void {
    this.room.members.delete(member)
    for (const track of this.room.outs) {
      if (track.out?.member !== member) continue
      if (track.out.deadlineMs <= nowMs) this.#maybeTimedOut(track)
      else if (how === 'closed') this.#back(track, nowMs, 0)
      else this.#failed(track, nowMs, this.#backoffMs(track.out.attempt))
    }
  }

  /** At its deadline, of which nobody heard: the subject may have had another limit then. */
  #timedOut(track: Track): void {
    const { isLoose } = track
    const { deadlineMs, attempt } = track.out!
    this.#failed(track, deadlineMs, this.#backoffMs(attempt))
    track.isLoose ||= isLoose
  }

  /** It left at about the time when the delivery was taken back, whichever was first. */
  #maybeTimedOut(track: Track): void {
    const { deadlineMs, attempt } = track.out!
    track.failuresMax = attempt
    if (this.#isLast(attempt)) {
      if (this.#config.onExhausted === 'block') track.blocked = 'maybe'
      else track.settled = 'maybe'
    }
    const { isLoose } = track
    this.#back(track, deadlineMs, 0)
    track.isLoose ||= isLoose
    if (track.blocked === 'maybe') this.orders.blocked(track)
  }

  #isLast(attempt: number): boolean {
    const { maxDeliver } = this.#config
    return maxDeliver > 0 && attempt >= maxDeliver
  }

  #failed(track: Track, nowMs: number, waitMs: number): void {
    const { attempt } = track.out!
    track.failuresMin = track.failuresMax = attempt
    if (!this.#isLast(attempt)) return this.#back(track, nowMs, waitMs)
    const { onExhausted } = this.#config
    track.isCondemned = onExhausted === 'dead-letter'
    if (onExhausted !== 'block') return this.done(track)
    this.#back(track, nowMs, 0)
    track.blocked = 'yes'
    this.orders.blocked(track)
  }

  #back(track: Track, nowMs: number, waitMs: number): void {
    track.out = undefined
    this.room.outs.delete(track)
    track.notBeforeMs = nowMs + waitMs
    track.failedAtMs = nowMs
    track.isDelayConfirmed = false
    track.isLoose = !this.configs.limits(track.message.subject).isStrict
    if (!this.configs.surelyWants(track.message.subject) && track.settled === 'no') track.settled = 'maybe'
  }

  /** It never comes back to this consumer. */
  done(track: Track): void {
    track.out = undefined
    track.blocked = 'no'
    this.room.outs.delete(track)
    track.settled = 'done'
    this.unsettledOf(track.message.subject).delete(track)
  }

  /** The record has left the log: whoever had it has it no more, and nobody gets it again. */
  removed(track: Track): void {
    track.isCondemned = false
    this.done(track)
  }

  // ── What members were told ───────────────────────────────────────────────────────────────────────────────

  /** A settle was confirmed, of a delivery in that life of the broker: whatever happens, it holds. */
  confirmed({ track, attempt, boot }: SeenDelivery, verb: 'ack' | 'nack' | 'reject'): void {
    if (this.isRetired || boot <= this.#forgottenBoot) return
    const isLast = verb === 'nack' && this.#isLast(attempt)
    if (verb === 'nack' && !isLast) {
      track.failuresConfirmed = Math.max(track.failuresConfirmed, attempt)
      if (track.failuresMin === attempt && track.out === undefined) track.isDelayConfirmed = true
      return
    }
    if (isLast && this.#config.onExhausted === 'block') {
      if (track.blocked !== 'no' && track.decided === undefined) track.isBlockConfirmed = true
      return
    }
    if (track.settled === 'no')
      throw new Violation(`${this.#where(track, verb)} was confirmed, but it is out again`)
    track.isSettleConfirmed = true
    for (const other of track.ackedWith) if (other.settled === 'done') other.isSettleConfirmed = true
  }

  // ── What happens to the broker ───────────────────────────────────────────────────────────────────────────

  /** Its process ended; `isForgetful` where confirmed settles may be lost with it. */
  crashed(nowMs: number, isForgetful: boolean): void {
    if (isForgetful) this.#forgottenBoot = this.#boot
    this.#boot++
    for (const track of this.tracks.values()) this.#crashed(track, nowMs, isForgetful)
    this.room.outs.clear()
    this.room.members.clear()
    this.rates.forget(() => false)
    if (!isForgetful) return
    this.orders.doubt()
    this.#firstsEnd.clear()
  }

  #crashed(track: Track, nowMs: number, isForgetful: boolean): void {
    if (track.out !== undefined && track.out.deadlineMs <= nowMs) {
      track.failuresMax = track.out.attempt
      if (this.#isLast(track.out.attempt) && this.#config.onExhausted === 'block') track.blocked = 'maybe'
    }
    const mayBePassedOver = !this.configs.surelyWants(track.message.subject)
    if (mayBePassedOver || this.isPossiblySettled(track, nowMs)) track.settled = 'maybe'
    track.out = undefined
    if (isForgetful) {
      track.failuresConfirmed = 0
      track.isSettleConfirmed = track.isDelayConfirmed = track.isBlockConfirmed = false
    }
    if (track.blocked === 'yes' && !track.isBlockConfirmed) track.blocked = 'maybe'
    if (track.blocked !== 'yes') track.failuresMin = track.failuresConfirmed
  }

  /** A crash has cost the log its tail, or something before its end: that never was. */
  forget(partition: number, found: FoundLog): void {
    this.orders.forget(partition, found)
    for (const [key, track] of this.tracks) {
      if (track.partition !== partition || found[track.offset] !== undefined) continue
      this.tracks.delete(key)
      this.unsettledOf(track.message.subject).delete(track)
      this.#firstsEnd.delete(`${partition} ${track.message.subject}`)
    }
    for (const { message, offset, partition: own } of this.tracks.values()) {
      const key = `${own} ${message.subject}`
      this.#firstsEnd.set(key, Math.max(this.#firstsEnd.get(key) ?? -1, offset))
    }
  }

  wallJumped(nowMs: number): void {
    this.#wallJumpedMs = nowMs
    this.orders.pauses.wallJumped()
  }

  /** Limits and filters may be others from now on: what is out or delayed now may be overtaken later. */
  configChanged(): void {
    for (const track of this.tracks.values()) {
      if (!this.configs.limits(track.message.subject).isStrict) track.isLoose = true
      const mayBePassedOver = track.out === undefined && !this.configs.surelyWants(track.message.subject)
      if (mayBePassedOver && track.settled === 'no') track.settled = 'maybe'
    }
    this.rates.forget((key) => this.#hasRate(key))
  }

  #hasRate(key: string): boolean {
    const rules = this.#config.rules.map((rule) => JSON.stringify(rule))
    return rules.includes((JSON.parse(key) as string[])[0])
  }

  /** Settled, or taken back after its last attempt, removed or drained, which nobody sees. */
  isPossiblySettled(track: Track, nowMs: number): boolean {
    if (track.settled !== 'no' || this.#mayBeSettledUnseen(track)) return true
    const { out } = track
    return out !== undefined && this.#isLast(out.attempt) && out.deadlineMs <= nowMs
  }

  /** Whether a record that was never delivered is missed: nothing but delivery can have taken it away. */
  mustBeGiven(partition: number, offset: number, message: SentMessage): boolean {
    const { subject, sentMs } = message
    if (!this.configs.hasAlwaysWanted(subject, sentMs)) return false
    if (this.stream.mayBeMissing(partition, offset, message)) return false
    return !this.orders.drains.mayBeSettled(subject, sentMs)
  }

  #mayBeSettledUnseen(track: Track): boolean {
    return track.settled !== 'no' || this.mayBeTakenAway(track)
  }

  /** Removed from its log or drained, or perhaps. */
  mayBeTakenAway(track: Track): boolean {
    const { message } = track
    return this.#mayBeGone(track) || this.orders.drains.mayBeSettled(message.subject, message.sentMs, track)
  }

  #mayBeGone({ partition, offset, message }: Track): boolean {
    return this.stream.mayBeGone(partition, offset, message)
  }

  #mayHaveEnded(track: Track, nowMs: number): boolean {
    return track.out === undefined || track.out.deadlineMs <= nowMs || this.#mayBeGone(track)
  }

  #backoffMs(failures: number): number {
    const { backoffMs } = this.#config
    return backoffMs.length === 0 ? 0 : backoffMs[Math.min(failures, backoffMs.length) - 1]
  }

  unsettledOf(subject: string): Set<Track> {
    let tracks = this.#bySubject.get(subject)
    if (tracks === undefined) this.#bySubject.set(subject, (tracks = new Set()))
    return tracks
  }

  #where({ partition, offset, message }: Track, what: string): string {
    return `${this.name}: ${placeOf(partition, offset)} (${message.id} of ${message.subject}) ${what}`
  }
}
