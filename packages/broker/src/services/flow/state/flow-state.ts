// What one flow consumer knows of one partition: which records are settled, out, delayed, parked, and which
// pools are ready. Pure: it is told what was read, settled and how late it is, and answers with what may be
// done. The flow coordinator beside it reads, sends and persists.
// The rules are in docs/internals/flow-control.md.
//
// A record that matches the filter goes this way, and is at each moment in exactly one of these places:
//
//    not yet read ── admit ──┬── room ────────────────► out ── ack, reject ──► settled
//                            └── pool full ► parked ──► out ── nack, timeout ► delayed or parked, in front
//
// A pool is in the ready queue when it has parked records in memory and room for one of them.

import type { BatchView } from '../reading/batch-view.ts'
import { DelayHeap } from './delay-heap.ts'
import { deliveryPhases, DeliveryTable } from './delivery-table.ts'
import { FlowCounters } from './flow-counters.ts'
import type { FlowSettings } from './flow-settings.ts'
import { ParkedRecords } from './parked-records.ts'
import { beingFetched, notQueued, PoolTable } from './pool-table.ts'
import { ReadyQueue } from './ready-queue.ts'
import type { DeadLetterVerdict, RetryTable } from './retry-table.ts'
import type { SettledSet } from './settled-set.ts'
import { SpilledRecords } from './spilled-records.ts'

const none = -1

/** Answers of `admit` that are no pool. */
export const admitted = { notMatching: -1, parked: -2, alreadySettled: -3 } as const

/** How an attempt ended without success. */
export interface Failure {
  /** What went wrong, as far as anybody said. */
  readonly text: string
  /** Undefined: the consumer's back-off decides. */
  readonly delayMs?: number | undefined
}

/** What all partitions of a consumer share. */
export interface FlowTotals {
  /** Deliveries that count against `maxInflight`. */
  inFlight: number
}

/** How late it is, on both clocks; read once for a round of work. */
export interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

export class FlowState {
  settings: FlowSettings
  readonly settled: SettledSet
  readonly retries: RetryTable
  readonly pools = new PoolTable()
  readonly deliveries = new DeliveryTable()
  readonly delays = new DelayHeap()
  readonly counters = new FlowCounters()
  /** Offset of the next record to be read. */
  readPosition: number
  readonly totals: FlowTotals
  readonly spilled = new SpilledRecords(this.pools)
  readonly #parked = new ParkedRecords(this.pools)
  readonly #ready = new ReadyQueue(this.pools)

  constructor(
    settings: FlowSettings,
    totals: FlowTotals,
    known: { settled: SettledSet; retries: RetryTable },
  ) {
    this.settings = settings
    this.totals = totals
    this.settled = known.settled
    this.retries = known.retries
    this.readPosition = known.settled.floor
  }

  get parked(): number {
    return this.#parked.count + this.spilled.count
  }

  // ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes the next record read. Answers with its pool where it may be delivered now, which the caller then
   * does, and otherwise with one of `admitted`.
   */
  admit(view: BatchView, index: number, moment: Moment): number {
    const offset = view.offsetAt(index)
    if (offset > this.readPosition) this.skipTo(offset)
    this.readPosition = offset + 1
    if (this.settled.has(offset)) return admitted.alreadySettled
    const pool = this.#poolOf(view, index)
    if (pool === none) {
      this.settled.add(offset)
      return admitted.notMatching
    }
    const waitMs = this.#restoredWaitMs(offset, moment)
    if (waitMs > 0 && this.pools.spilledCount[pool] === 0) {
      this.#delay(pool, offset, moment.monotonicMs + waitMs)
      return admitted.parked
    }
    if (this.pools.parkedCount[pool] === 0 && this.pools.spilledCount[pool] === 0 && this.pools.hasRoom(pool))
      return pool
    this.#park(pool, offset)
    return admitted.parked
  }

  /** There is nothing to deliver in `[offset, end)`: quarantined, compacted away, or no records at all. */
  skipTo(end: number): void {
    this.settled.addRange(this.readPosition, end)
    this.readPosition = end
  }

  #poolOf(view: BatchView, index: number): number {
    const start = view.keyStartAt(index)
    const end = view.keyEndAt(index)
    const pool = this.pools.find(view.bytes, start, end)
    if (pool !== none) return this.pools.isMatching[pool] === 1 ? pool : none
    if (!this.settings.filter.matches(view.bytes, start, end)) return none
    return this.pools.insert(view.bytes, start, end, this.settings.rules)
  }

  /** What is left of a delay that was given before a restart. */
  #restoredWaitMs(offset: number, moment: Moment): number {
    const retry = this.retries.find(offset)
    return retry === undefined ? 0 : Math.min(retry.dueWallMs - moment.wallMs, retry.waitMs)
  }

  // ── Parked and ready ─────────────────────────────────────────────────────────────────────────────────────

  /** The next ready pool, off the queue; -1 where none is ready. `unpark` takes its first record. */
  takeReady(): number {
    for (let pool = this.#ready.take(); pool !== none; pool = this.#ready.take()) {
      if (this.pools.parkedCount[pool]! > 0 && this.pools.hasRoom(pool)) return pool
      this.#forgetIfIdle(pool)
    }
    return none
  }

  /** Offset of the first parked record of a pool that has some in memory. */
  firstParked(pool: number): number {
    return this.#parked.firstOf(pool)
  }

  /** Takes the first parked record of a ready pool; the caller delivers it, or passes it over. */
  unpark(pool: number): number {
    return this.#parked.takeFirst(pool)
  }

  /** Calls back with the offsets that a pool holds parked in memory, rising. */
  forEachParked(pool: number, visit: (offset: number) => void): void {
    this.#parked.forEach(pool, visit)
  }

  /** A record that is not delivered after all: the filter was altered, or its bytes are gone. */
  passOver(pool: number, offset: number): void {
    this.settled.add(offset)
    this.retries.remove(offset)
    this.makeReady(pool)
    this.#forgetIfIdle(pool)
  }

  /** Sets a pool aside that `takeReady` gave, until the bytes of its first record are in memory. */
  awaitBytes(pool: number): void {
    this.pools.next[pool] = beingFetched
  }

  /** Puts a pool that was set aside first in line: its bytes may not stay in memory for long. */
  bytesArrived(pool: number): void {
    this.pools.next[pool] = notQueued
    if (this.pools.parkedCount[pool]! > 0 && this.pools.hasRoom(pool)) this.#ready.addFirst(pool)
  }

  /** Puts a pool in the ready queue, or among the starving, if it belongs there and is not there yet. */
  makeReady(pool: number): void {
    const { next, parkedCount } = this.pools
    if (next[pool] !== notQueued || !this.pools.hasRoom(pool)) return
    if (parkedCount[pool]! > 0) this.#ready.add(pool)
    else this.spilled.noteStarving(pool)
  }

  #park(pool: number, offset: number): void {
    const isHeld = this.pools.spilledCount[pool] === 0 && this.#parked.count < this.settings.parkedMax
    if (isHeld) this.#parked.append(pool, offset)
    else this.spilled.add(pool, offset)
    this.makeReady(pool)
  }

  /** Puts a record back in its place: before every parked record of a later offset. */
  #parkInFront(pool: number, offset: number): void {
    this.#parked.insert(pool, offset)
    this.makeReady(pool)
  }

  // ── Reading again what was too much to keep ──────────────────────────────────────────────────────────────

  /**
   * Reads the records of one batch again, for a starving pool, from where it left off; returns how many.
   * Other pools take what is theirs, but not where something of theirs may stand before: their order.
   */
  refill(starving: number, view: BatchView, moment: Moment): number {
    const from = this.pools.spilledFrom[starving]!
    const end = Math.min(view.nextOffset, this.readPosition)
    const first = view.indexFrom(from)
    let index = first
    for (; index < view.recordCount && view.offsetAt(index) < end; index++) {
      const pool = this.pools.find(view.bytes, view.keyStartAt(index), view.keyEndAt(index))
      if (pool === none || this.pools.spilledFrom[pool]! < from) continue
      this.#refillPool(pool, view.offsetAt(index), moment)
    }
    this.#finishRefill(starving, end)
    return index - first + 1
  }

  #refillPool(pool: number, offset: number, moment: Moment): void {
    const { spilledCount, spilledFrom } = this.pools
    if (spilledCount[pool] === 0 || offset < spilledFrom[pool]! || this.settled.has(offset)) return
    if (!this.spilled.isStarving(pool) && this.#parked.count >= this.settings.parkedMax) return
    this.spilled.readAgain(pool, offset)
    const waitMs = this.#restoredWaitMs(offset, moment)
    if (waitMs > 0) return this.#delay(pool, offset, moment.monotonicMs + waitMs)
    this.#parked.append(pool, offset)
    this.makeReady(pool)
  }

  /** What was to be found up to the read position, and was not, is lost to damage. */
  #finishRefill(pool: number, end: number): void {
    const isUnfinished = this.spilled.turnOver(pool, end)
    if (!isUnfinished || this.pools.spilledFrom[pool]! < this.readPosition) return
    this.counters.quarantined += this.spilled.forget(pool)
    this.#forgetIfIdle(pool)
  }

  /** There is nothing to read again in `[from, end)`, as a starving pool found: those records are lost. */
  skipRefill(starving: number, from: number, end: number): void {
    const to = Math.min(end, this.readPosition)
    const kept = new Set<number>()
    const keep = (offset: number): void => {
      if (offset >= from && offset < to) kept.add(offset)
    }
    this.deliveries.forEach((slot) => keep(this.deliveries.offset[slot]!))
    this.delays.forEach((_dueMs, offset) => keep(offset))
    this.pools.forEach((pool) => this.#parked.forEach(pool, keep))
    for (let offset = from; offset < to; offset++) if (!kept.has(offset)) this.settled.add(offset)
    this.#finishRefill(starving, to)
  }

  // ── Delivering ───────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes a slot for a record that left its queue or was just admitted. The deadline starts when
   * it is sent.
   */
  deliver(pool: number, offset: number, member: number): number {
    const attempt = this.retries.failuresOf(offset) + 1
    const slot = this.deliveries.add(offset, pool, member, attempt)
    this.pools.inFlight[pool]!++
    this.totals.inFlight++
    this.makeReady(pool)
    return slot
  }

  /** The record is on its way to the member. */
  sent(slot: number, nowMs: number): void {
    this.deliveries.sentMs[slot] = nowMs
    this.#startDeadline(slot, nowMs)
    this.counters.delivered++
    if (this.deliveries.attempt[slot]! > 1) this.counters.redelivered++
  }

  extendDeadline(slot: number, nowMs: number): void {
    this.#startDeadline(slot, nowMs)
  }

  #startDeadline(slot: number, nowMs: number): void {
    const { ackWaitMs } = this.settings
    this.deliveries.deadlines.set(slot, ackWaitMs === 0 ? Infinity : nowMs + ackWaitMs)
  }

  /** Whether a token names a delivery that is out, with this member. */
  checkToken(
    slot: number,
    sequence: number,
    member: number,
  ): 'stale-delivery' | 'foreign-delivery' | undefined {
    const isOut = this.deliveries.phase[slot] === deliveryPhases.out
    if (!isOut || this.deliveries.sequence[slot] !== sequence) {
      this.counters.staleSettles++
      return 'stale-delivery'
    }
    return this.deliveries.member[slot] === member ? undefined : 'foreign-delivery'
  }

  // ── Settling ─────────────────────────────────────────────────────────────────────────────────────────────

  /** The record is done with, and never returns. */
  settle(slot: number): void {
    const offset = this.deliveries.offset[slot]!
    this.settled.add(offset)
    this.retries.remove(offset)
    this.#free(slot)
  }

  /** The record goes back without having been tried. */
  release(slot: number): void {
    const offset = this.deliveries.offset[slot]!
    const pool = this.deliveries.pool[slot]!
    this.#freeSlot(slot)
    this.#parkInFront(pool, offset)
  }

  /**
   * The attempt failed: the record comes back after a wait, or is condemned where it was the last.
   * Returns whether it was condemned.
   */
  fail(slot: number, failure: Failure, moment: Moment): boolean {
    const offset = this.deliveries.offset[slot]!
    const failures = this.deliveries.attempt[slot]!
    const { maxDeliver } = this.settings
    if (maxDeliver > 0 && failures >= maxDeliver) {
      this.condemn(slot, { reason: 'max-deliver', text: failure.text })
      return true
    }
    const waitMs = failure.delayMs ?? this.#backoffMs(failures)
    this.retries.set(offset, { failures, dueWallMs: waitMs > 0 ? moment.wallMs + waitMs : 0, waitMs })
    const pool = this.deliveries.pool[slot]!
    this.#freeSlot(slot)
    if (waitMs > 0) this.#delay(pool, offset, moment.monotonicMs + waitMs)
    else this.#parkInFront(pool, offset)
    return false
  }

  /**
   * The record is to become a dead letter; it keeps its slot until the letter is durable, then `settle` it.
   */
  condemn(slot: number, verdict: DeadLetterVerdict): void {
    const failures = this.deliveries.attempt[slot]!
    this.retries.set(this.deliveries.offset[slot]!, { failures, dueWallMs: 0, waitMs: 0, verdict })
    this.holdForDeadLetter(slot)
  }

  /** Takes a condemned record from its member, or keeps it from one after a restart. */
  holdForDeadLetter(slot: number): void {
    this.deliveries.takeFromMember(slot)
    this.deliveries.phase[slot] = deliveryPhases.deadLettering
  }

  #backoffMs(failures: number): number {
    const { backoffMs } = this.settings
    return backoffMs.length === 0 ? 0 : backoffMs[Math.min(failures, backoffMs.length) - 1]!
  }

  /** Frees the slot; the pool goes on with its next record, or is forgotten. */
  #free(slot: number): void {
    const pool = this.deliveries.pool[slot]!
    this.#freeSlot(slot)
    this.makeReady(pool)
    this.#forgetIfIdle(pool)
  }

  #freeSlot(slot: number): void {
    this.pools.inFlight[this.deliveries.pool[slot]!]!--
    this.totals.inFlight--
    this.deliveries.remove(slot)
  }

  #forgetIfIdle(pool: number): void {
    const { inFlight, parkedCount, delayed, spilledCount, next } = this.pools
    const isIdle =
      inFlight[pool] === 0 && parkedCount[pool] === 0 && delayed[pool] === 0 && spilledCount[pool] === 0
    if (isIdle && next[pool] === notQueued) this.pools.remove(pool)
  }

  // ── Delays and deadlines ─────────────────────────────────────────────────────────────────────────────────

  /** Why strict order keeps the slot: a later record of the subject must not overtake the one that waits. */
  #delay(pool: number, offset: number, dueMs: number): void {
    const holds = this.pools.limit[pool] === 1
    this.pools.delayed[pool]!++
    if (holds) this.pools.holding[pool]!++
    this.delays.add(dueMs, offset, pool, holds)
    if (!holds) this.makeReady(pool)
  }

  /** Moves every record whose delay is over back to its pool. */
  wakeDelayed(nowMs: number): void {
    const { delays, pools } = this
    const woken: { offset: number; pool: number }[] = []
    while (delays.nextDueMs <= nowMs) {
      delays.take()
      const pool = delays.takenPool
      pools.delayed[pool]!--
      if (delays.takenHolds) pools.holding[pool]!--
      woken.push({ offset: delays.takenOffset, pool })
    }
    // Why latest first: each then goes to the very front of its pool.
    woken.sort((a, b) => b.offset - a.offset)
    for (const { offset, pool } of woken) this.#parkInFront(pool, offset)
  }

  /** The first delivery whose deadline has passed; -1 where there is none. */
  overdue(nowMs: number): number {
    const { deadlines } = this.deliveries
    return deadlines.nextDueMs <= nowMs ? deadlines.first : none
  }

  /** When `overdue` or `wakeDelayed` will have something to do; Infinity: not by itself. */
  get nextDueMs(): number {
    return Math.min(this.deliveries.deadlines.nextDueMs, this.delays.nextDueMs)
  }

  // ── Changes while it runs ────────────────────────────────────────────────────────────────────────────────

  /** Other settings from now on. What is out stays out; a lowered limit recalls nothing. */
  applySettings(settings: FlowSettings, nowMs: number): void {
    const before = this.settings
    this.settings = settings
    if (settings.ackWaitMs > 0 && settings.ackWaitMs < before.ackWaitMs) {
      this.deliveries.deadlines.cap(nowMs + settings.ackWaitMs)
    }
    if (settings.rules === before.rules && settings.filter === before.filter) return
    this.pools.applySettings(settings)
    this.pools.forEach((pool) => this.makeReady(pool))
  }
}
