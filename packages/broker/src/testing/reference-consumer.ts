// The reference model of one flow consumer: which records may be delivered now, to whom, and as which
// attempt. It is told what passes the door between the broker and its members, with exact virtual times,
// and what was confirmed to these; it refutes what breaks docs/internals/flow-control.md. Must never look
// into the broker.

import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import { delayByBackoff, settleVerbs } from '@sluice/protocol/native/flow-messages'
import type { Settle } from '@sluice/protocol/native/flow-messages'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import type { ConfigsInForce } from './reference-rules.ts'
import { isWanted } from './reference-rules.ts'
import type { FoundLog } from './reference-stream.ts'
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

export class ReferenceConsumer {
  readonly name: string
  readonly configs: ConfigsInForce
  readonly tracks = new Map<string, Track>()
  /** Deleted, or about to be. */
  isRetired = false
  readonly #bySubject = new Map<string, Set<Track>>()
  readonly #outs = new Set<Track>()
  /** By subject, which is in one partition alone: the last offset that was delivered for the first time. */
  readonly #firstsEnd = new Map<string, number>()
  /** Which life of the broker this is. */
  #boot = 1
  /** The last life whose confirmations may be lost. */
  #forgottenBoot = 0
  #wallJumpedMs = -1

  constructor(name: string, configs: ConfigsInForce) {
    this.name = name
    this.configs = configs
  }

  get boot(): number {
    return this.#boot
  }

  get #config(): ConsumerConfig {
    return this.configs.newest
  }

  // ── What passes the door ─────────────────────────────────────────────────────────────────────────────────

  delivered(delivery: ReferenceDelivery, member: ReferenceMember, nowMs: number): Track {
    const { partition, offset, message, attempt, slot, sequence } = delivery
    const key = `${partition}@${offset}`
    const before = this.tracks.get(key)
    const track = before ?? newTrack(partition, offset, message)
    const where = this.#where(track, `attempt ${attempt} to ${member.name}`)
    if (track.message !== message) throw new Violation(`${where}: it was ${track.message.id} before`)
    if (!isWanted(this.#config.filter, message.subject))
      throw new Violation(`${where}: the filter leaves it out`)
    if (track.isSettleConfirmed) throw new Violation(`${where}: it was settled, and that was confirmed`)
    if (track.settled === 'done') throw new Violation(`${where}: it is settled`)
    this.#checkAttempt(track, attempt, where, nowMs)
    this.#checkTime(track, attempt, where, nowMs)
    if (track.out !== undefined) this.#outs.delete(track)
    track.out = undefined
    this.#checkRoom(track, member, where, nowMs)
    this.#checkOrder(track, before === undefined, where, nowMs)
    this.tracks.set(key, track)
    track.settled = 'no'
    track.isCondemned = false
    track.boot = this.#boot
    track.failuresMin = track.failuresMax = attempt - 1
    const { ackWaitMs } = this.#config
    track.out = {
      member,
      slot,
      sequence,
      attempt,
      deadlineMs: ackWaitMs === 0 ? Infinity : nowMs + ackWaitMs,
    }
    track.isLoose = !this.configs.limits(message.subject).isStrict
    this.#outs.add(track)
    this.#unsettled(message.subject).add(track)
    return track
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
    let [ofSubject, ofMember, all] = [0, 0, 0]
    for (const { out, message: other } of this.#outs) {
      if (out === undefined || out.deadlineMs <= nowMs) continue
      all++
      if (other.subject === message.subject) ofSubject++
      if (out.member === member) ofMember++
    }
    const { max } = this.configs.limits(message.subject)
    const { maxInflight } = this.configs
    if (ofSubject >= max)
      throw new Violation(`${where}: ${ofSubject} of ${message.subject} are out, limit ${max}`)
    if (all >= maxInflight) throw new Violation(`${where}: ${all} are out, maxInflight ${maxInflight}`)
    if (ofMember >= member.window)
      throw new Violation(`${where}: it has ${ofMember}, window ${member.window}`)
  }

  /**
   * First deliveries come in the order of offsets; where the limit is 1, nothing overtakes what came back.
   */
  #checkOrder({ offset, message }: Track, isFirst: boolean, where: string, nowMs: number): void {
    const { subject } = message
    const { isStrict } = this.configs.limits(subject)
    const end = this.#firstsEnd.get(subject) ?? -1
    if (isFirst && offset < end) throw new Violation(`${where}: ${end} of ${subject} was delivered before it`)
    this.#firstsEnd.set(subject, Math.max(end, offset))
    if (!isStrict) return
    for (const other of this.#unsettled(subject)) {
      if (other.offset >= offset || other.isLoose || this.isPossiblySettled(other, nowMs)) continue
      throw new Violation(`${where}: ${other.offset} of ${subject} is before it and not settled`)
    }
  }

  /** A settle came to the broker, which took it, or refused it with a code. */
  settled(settle: Settle, member: ReferenceMember, refusal: ErrorCode | undefined, nowMs: number): void {
    const track = this.#holderOf(settle, member)
    const name = Object.entries(settleVerbs).find(([, verb]) => verb === settle.verb)![0]
    if (refusal !== undefined) {
      if (refusal !== 'stale-delivery' || (track?.out !== undefined && nowMs < track.out.deadlineMs)) {
        const what = track === undefined ? 'something' : this.#where(track, '')
        throw new Violation(`${name} of ${what} by ${member.name} was refused: ${refusal}`)
      }
      if (track !== undefined) this.#timedOut(track)
      return
    }
    if (track === undefined) {
      const token = `${settle.partition}/${settle.slot}/${settle.sequence}`
      throw new Violation(
        `${this.name}: ${name} of ${token} by ${member.name} was taken, though it has it no more`,
      )
    }
    this.#carryOut(track, settle, nowMs)
  }

  #carryOut(track: Track, { verb, delayMs }: Settle, nowMs: number): void {
    const { attempt } = track.out!
    switch (verb) {
      case settleVerbs.working:
        if (this.#config.ackWaitMs > 0) track.out!.deadlineMs = nowMs + this.#config.ackWaitMs
        return
      case settleVerbs.ack:
        return this.#done(track)
      case settleVerbs.reject:
        track.isCondemned = true
        return this.#done(track)
      case settleVerbs.release:
        return this.#back(track, nowMs, 0)
      case settleVerbs.nack:
        return this.#failed(track, nowMs, delayMs === delayByBackoff ? this.#backoffMs(attempt) : delayMs)
    }
  }

  /** A member is gone: what it held was released, or has failed. */
  left(member: ReferenceMember, how: 'closed' | 'lost', nowMs: number): void {
    for (const track of this.#outs) {
      if (track.out?.member !== member) continue
      if (track.out.deadlineMs <= nowMs) this.#maybeTimedOut(track)
      else if (how === 'closed') this.#back(track, nowMs, 0)
      else this.#failed(track, nowMs, this.#backoffMs(track.out.attempt))
    }
  }

  #holderOf({ partition, slot, sequence }: Settle, member: ReferenceMember): Track | undefined {
    for (const track of this.#outs) {
      const { out } = track
      const isIt = track.partition === partition && out?.slot === slot && out.sequence === sequence
      if (isIt && out.member === member) return track
    }
    return undefined
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
    if (this.#config.maxDeliver > 0 && attempt >= this.#config.maxDeliver) track.settled = 'maybe'
    const { isLoose } = track
    this.#back(track, deadlineMs, 0)
    track.isLoose ||= isLoose
  }

  #failed(track: Track, nowMs: number, waitMs: number): void {
    const { attempt } = track.out!
    track.failuresMin = track.failuresMax = attempt
    if (this.#config.maxDeliver > 0 && attempt >= this.#config.maxDeliver) {
      track.isCondemned = true
      this.#done(track)
    } else this.#back(track, nowMs, waitMs)
  }

  #back(track: Track, nowMs: number, waitMs: number): void {
    track.out = undefined
    this.#outs.delete(track)
    track.notBeforeMs = nowMs + waitMs
    track.failedAtMs = nowMs
    track.isDelayConfirmed = false
    track.isLoose = !this.configs.limits(track.message.subject).isStrict
  }

  #done(track: Track): void {
    track.out = undefined
    this.#outs.delete(track)
    track.settled = 'done'
    this.#unsettled(track.message.subject).delete(track)
  }

  // ── What members were told ───────────────────────────────────────────────────────────────────────────────

  /** A settle was confirmed, of a delivery in that life of the broker: whatever happens, it holds. */
  confirmed({ track, attempt, boot }: SeenDelivery, verb: 'ack' | 'nack' | 'reject'): void {
    if (this.isRetired || boot <= this.#forgottenBoot) return
    const { maxDeliver } = this.#config
    const isLast = verb === 'nack' && maxDeliver > 0 && attempt >= maxDeliver
    if (verb === 'nack' && !isLast) {
      track.failuresConfirmed = Math.max(track.failuresConfirmed, attempt)
      if (track.failuresMin === attempt && track.out === undefined) track.isDelayConfirmed = true
      return
    }
    if (track.settled === 'no')
      throw new Violation(`${this.#where(track, verb)} was confirmed, but it is out again`)
    track.isSettleConfirmed = true
  }

  // ── What happens to the broker ───────────────────────────────────────────────────────────────────────────

  /** Its process ended; `isForgetful` where confirmed settles may be lost with it. */
  crashed(nowMs: number, isForgetful: boolean): void {
    if (isForgetful) this.#forgottenBoot = this.#boot
    this.#boot++
    this.#outs.clear()
    for (const track of this.tracks.values()) {
      if (track.out !== undefined && track.out.deadlineMs <= nowMs) track.failuresMax = track.out.attempt
      if (this.isPossiblySettled(track, nowMs)) track.settled = 'maybe'
      track.out = undefined
      if (isForgetful) {
        track.failuresConfirmed = 0
        track.isSettleConfirmed = track.isDelayConfirmed = false
      }
      track.failuresMin = track.failuresConfirmed
    }
  }

  /** A crash has cost the log its tail, or something before its end: that never was. */
  forget(partition: number, found: FoundLog): void {
    for (const [key, track] of this.tracks) {
      if (track.partition !== partition || found[track.offset] !== undefined) continue
      this.tracks.delete(key)
      this.#unsettled(track.message.subject).delete(track)
      this.#firstsEnd.delete(track.message.subject)
    }
    for (const { message, offset } of this.tracks.values()) {
      const end = this.#firstsEnd.get(message.subject) ?? -1
      this.#firstsEnd.set(message.subject, Math.max(end, offset))
    }
  }

  wallJumped(nowMs: number): void {
    this.#wallJumpedMs = nowMs
  }

  /** Limits may be others from now on: what is out or delayed now may be overtaken later. */
  limitsChanged(): void {
    for (const track of this.tracks.values()) {
      if (!this.configs.limits(track.message.subject).isStrict) track.isLoose = true
    }
  }

  /** Settled, or taken back after its last attempt, which nobody sees. */
  isPossiblySettled({ settled, out }: Track, nowMs: number): boolean {
    if (settled !== 'no') return true
    const { maxDeliver } = this.#config
    return out !== undefined && maxDeliver > 0 && out.attempt >= maxDeliver && out.deadlineMs <= nowMs
  }

  #backoffMs(failures: number): number {
    const { backoffMs } = this.#config
    return backoffMs.length === 0 ? 0 : backoffMs[Math.min(failures, backoffMs.length) - 1]
  }

  #unsettled(subject: string): Set<Track> {
    let tracks = this.#bySubject.get(subject)
    if (tracks === undefined) this.#bySubject.set(subject, (tracks = new Set()))
    return tracks
  }

  #where({ partition, offset, message }: Track, what: string): string {
    return `${this.name}: ${partition}@${offset} (${message.id} of ${message.subject}) ${what}`
  }
}
