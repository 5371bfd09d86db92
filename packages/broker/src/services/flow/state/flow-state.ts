// What one flow consumer knows of one partition: which records are settled, out, delayed, parked, and which
// pools are ready. Pure: it is told what was read, settled and how late it is, and answers with what may be
// done. The flow coordinator beside it reads, sends and persists.
// The rules are in docs/internals/flow-control.md.
//
// A record that matches the filter goes this way, and is at each moment in exactly one of these places:
//
//    not yet read ── admit ──┬── room ────────────────► out ── ack, reject, drop ──► settled
//                            └── no room ► parked ────► out ── nack, timeout ► delayed or parked, in front
//                                                       out ── block ► blocked, until an operator decides
//
// Which pool may deliver next is decided in lane-turns.ts. Records that nobody settles leave by
// flow-removal.ts.

import { unreachable } from '../../../base/assert.ts'
import type { BatchView } from '../reading/batch-view.ts'
import { BlockedRecords } from './blocked-records.ts'
import { DelayHeap } from './delay-heap.ts'
import { deliveryPhases, DeliveryTable } from './delivery-table.ts'
import { FlowCounters } from './flow-counters.ts'
import type { FlowSettings } from './flow-settings.ts'
import type { FlowTotals } from './flow-totals.ts'
import type { RuleTable } from './rule-table.ts'
import { LaneTurns } from './lane-turns.ts'
import { ParkedRecords } from './parked-records.ts'
import { poolFlags, PoolTable } from './pool-table.ts'
import type { RetryTable, Verdict } from './retry-table.ts'
import type { SettledSet } from './settled-set.ts'
import { SpilledRecords } from './spilled-records.ts'

const none = -1
const wokenAtOnce = 8192

/** Answers of `admit` that are no pool. */
export const admitted = { notMatching: -1, parked: -2, alreadySettled: -3 } as const

/** How an attempt ended without success. */
export interface Failure {
  /** What went wrong, as far as anybody said. */
  readonly text: string
  /** Undefined: the consumer's back-off decides. */
  readonly delayMs?: number | undefined
}

/** What becomes of a record whose attempt failed. */
export type FailOutcome = 'again' | 'condemned' | 'dropped' | 'blocked'

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
  readonly blocked = new BlockedRecords(this.pools)
  readonly spilled = new SpilledRecords(this.pools)
  readonly held = new ParkedRecords(this.pools)
  readonly totals: FlowTotals
  readonly turns: LaneTurns
  /** Offset of the next record to be read. */
  readPosition: number
  /** Told of each record that is settled without its owner: when what was drained is read again. */
  onSettledAside: (offset: number) => void = () => {}
  /** Which of the states that share `totals.gates` it is. */
  readonly owner: number

  /** `totals.gates` must have been told the time. */
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
    this.turns = new LaneTurns(this.pools, { parked: this.held, spilled: this.spilled }, totals.gates)
    this.owner = totals.gates.join(this.turns, settings.rules)
  }

  /** Parked records, in memory or not. */
  get parked(): number {
    return this.held.count + this.spilled.count
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
    const isInOrder = this.pools.spilledCount[pool] === 0
    if (this.retries.count > 0) {
      // Why whatever is spilled: nothing of its pool may be delivered from now on.
      if (this.#restoreBlocked(pool, offset)) return admitted.parked
      if (isInOrder && this.#restoreDelayed(pool, offset, moment)) return admitted.parked
    }
    if (isInOrder && this.pools.parkedCount[pool] === 0 && this.#hasRoom(pool)) return pool
    this.#park(pool, offset)
    return admitted.parked
  }

  /** There is nothing to deliver in `[offset, end)`: quarantined, compacted away, or no records at all. */
  skipTo(end: number): void {
    this.settled.addRange(this.readPosition, end)
    this.readPosition = end
  }

  #hasRoom(pool: number): boolean {
    const bundle = this.pools.bundle[pool]!
    return this.pools.hasRoom(pool) && (bundle === none || this.totals.gates.hasRoom(bundle))
  }

  #poolOf(view: BatchView, index: number): number {
    const start = view.keyStartAt(index)
    const end = view.keyEndAt(index)
    const { pools, settings } = this
    const known = pools.find(view.bytes, start, end)
    if (known !== none) return pools.isMatching[known] === 1 ? known : none
    if (!settings.filter.matches(view.bytes, start, end)) return none
    const pool = pools.insert(view.bytes, start, end, settings.rules)
    if (settings.rules.sharesEnd > 0) this.#attach(pool)
    if (settings.paused?.matches(view.bytes, start, end) === true) pools.setFlag(pool, poolFlags.paused, true)
    return pool
  }

  /** Ties a pool to the gates that the last match of the rules has found. */
  #attach(pool: number): void {
    this.pools.bundle[pool] = this.totals.gates.bundles.attach(this.owner, this.settings.rules)
  }

  /** Sets a record aside that was blocked before a restart. */
  #restoreBlocked(pool: number, offset: number): boolean {
    if (!this.retries.isBlocked(offset)) return false
    this.#block(pool, offset)
    return true
  }

  /** Goes on with what is left of a delay that was given before a restart. */
  #restoreDelayed(pool: number, offset: number, moment: Moment): boolean {
    const retry = this.retries.find(offset)
    if (retry === undefined) return false
    const waitMs = Math.min(retry.dueWallMs - moment.wallMs, retry.waitMs)
    if (waitMs > 0) this.#delay(pool, offset, moment.monotonicMs + waitMs)
    return waitMs > 0
  }

  // ── Parked and ready ─────────────────────────────────────────────────────────────────────────────────────

  /** The next ready pool, off the queue; -1 where none is ready. `unpark` takes its first record. */
  takeReady(): number {
    for (let pool = this.turns.take(); pool !== none; pool = this.turns.take()) {
      if (this.turns.isReady(pool)) return pool
      this.turns.putInPlace(pool)
      this.totals.gates.wakeFreed()
    }
    return none
  }

  /** Offset of the first parked record of a pool that has some in memory. */
  firstParked(pool: number): number {
    return this.held.firstOf(pool)
  }

  /** Takes the first parked record of a ready pool; the caller delivers it, or passes it over. */
  unpark(pool: number): number {
    return this.held.takeFirst(pool)
  }

  /** Calls back with the offsets that a pool holds parked in memory, rising. */
  forEachParked(pool: number, visit: (offset: number) => void): void {
    this.held.forEach(pool, visit)
  }

  /** A record that is not delivered after all: the filter was altered, or its bytes are gone. */
  passOver(pool: number, offset: number): void {
    this.settled.add(offset)
    this.retries.remove(offset)
    this.turns.putInPlace(pool)
    this.totals.gates.wakeFreed()
  }

  /** Sets a pool aside that `takeReady` gave, until the bytes of its first record are in memory. */
  awaitBytes(pool: number): void {
    this.turns.awaitBytes(pool)
  }

  /** Puts a pool that was set aside first in line: its bytes may not stay in memory for long. */
  bytesArrived(pool: number): void {
    this.turns.bytesArrived(pool)
    this.turns.forgetIfIdle(pool)
    this.totals.gates.wakeFreed()
  }

  #park(pool: number, offset: number): void {
    const isHeld = this.pools.spilledCount[pool] === 0 && this.held.count < this.settings.parkedMax
    if (isHeld) this.held.append(pool, offset)
    else this.spilled.add(pool, offset)
    // A pool that had some parked before stands where it belongs.
    if (this.pools.waitingOf(pool) === 1) this.turns.makeReady(pool)
  }

  /** Puts a record back in its place: before every parked record of a later offset. */
  #parkInFront(pool: number, offset: number): void {
    this.held.insert(pool, offset)
    this.turns.makeReady(pool)
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
      if (pool !== starving) this.turns.putInPlace(pool)
    }
    this.#finishRefill(starving, end)
    return index - first + 1
  }

  #refillPool(pool: number, offset: number, moment: Moment): void {
    const { spilledCount, spilledFrom } = this.pools
    if (spilledCount[pool] === 0 || offset < spilledFrom[pool]! || this.settled.has(offset)) return
    // It was set aside when it was read first, and is not among the spilled.
    if (this.retries.isBlocked(offset)) return
    if (!this.spilled.isStarving(pool) && this.held.count >= this.settings.parkedMax) return
    const isDrained = this.spilled.readAgain(pool, offset)
    if (isDrained && !this.isCondemned(offset)) {
      this.settled.add(offset)
      this.retries.remove(offset)
      this.onSettledAside(offset)
    } else if (this.retries.count === 0 || !this.#restoreDelayed(pool, offset, moment)) {
      this.held.append(pool, offset)
      this.turns.makeReady(pool)
    }
  }

  /**
   * Other pools' turns have taken a pool's records up to the read position: what it still counts is gone.
   * Returns how many that is.
   */
  endRefill(starving: number): number {
    const missing = this.pools.spilledCount[starving]!
    this.#finishRefill(starving, this.readPosition)
    return missing
  }

  /** What was to be found up to the read position, and was not, is lost to damage. */
  #finishRefill(pool: number, end: number): void {
    const isUnfinished = this.spilled.turnOver(pool, end)
    if (isUnfinished && this.pools.spilledFrom[pool]! >= this.readPosition)
      this.counters.quarantined += this.spilled.forget(pool)
    this.turns.putInPlace(pool)
    this.spilledLeft(0)
    this.totals.gates.wakeFreed()
  }

  /** So many spilled records have left the log, nobody knows of which pools. */
  spilledLeft(count: number): void {
    this.spilled.left(count)
    // Why: when all are gone that were to be read again, nobody reads, and nobody would find out.
    if (!this.spilled.areAllGone) return
    this.pools.forEach((pool) => {
      if (this.pools.spilledCount[pool] === 0) return
      this.spilled.forget(pool)
      this.turns.putInPlace(pool)
    })
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
    this.blocked.forEach((_pool, offset) => keep(offset))
    this.pools.forEach((pool) => this.held.forEach(pool, keep))
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
    const { inFlight, bundle } = this.pools
    inFlight[pool]!++
    this.totals.inFlight++
    if (bundle[pool] !== none)
      this.totals.gates.take(bundle[pool]!, this.turns.takeReserved(pool), member !== none)
    this.turns.makeReady(pool)
    this.totals.gates.wakeFreed()
    return slot
  }

  /** The record is on its way to the member. */
  sent(slot: number, nowMs: number): void {
    this.deliveries.sentMs[slot] = nowMs
    this.extendDeadline(slot, nowMs)
    this.counters.delivered++
    if (this.deliveries.attempt[slot]! > 1) this.counters.redelivered++
  }

  extendDeadline(slot: number, nowMs: number): void {
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
    const pool = this.deliveries.pool[slot]!
    this.settled.add(offset)
    this.retries.remove(offset)
    this.freeSlot(slot)
    this.turns.putInPlace(pool)
    this.totals.gates.wakeFreed()
  }

  /** Calls back with what the member of a delivery got before it, oldest first; each may be settled then. */
  settleEarlier(slot: number, visit: (slot: number) => void): void {
    for (const earlier of this.deliveries.held.earlierThan(slot).reverse()) visit(earlier)
  }

  /** The record goes back without having been tried. */
  release(slot: number): void {
    const offset = this.deliveries.offset[slot]!
    const pool = this.deliveries.pool[slot]!
    this.freeSlot(slot)
    this.#parkInFront(pool, offset)
    this.totals.gates.wakeFreed()
  }

  /** The attempt failed: the record comes back after a wait, or it was the last. */
  fail(slot: number, failure: Failure, moment: Moment): FailOutcome {
    const offset = this.deliveries.offset[slot]!
    const failures = this.deliveries.attempt[slot]!
    const { maxDeliver } = this.settings
    if (maxDeliver > 0 && failures >= maxDeliver) return this.#exhaust(slot, failure.text)
    const waitMs = failure.delayMs ?? this.#backoffMs(failures)
    this.retries.set(offset, { failures, dueWallMs: waitMs > 0 ? moment.wallMs + waitMs : 0, waitMs })
    const pool = this.deliveries.pool[slot]!
    this.freeSlot(slot)
    if (waitMs > 0) this.#delay(pool, offset, moment.monotonicMs + waitMs)
    else this.#parkInFront(pool, offset)
    // Why last: the record is in its place before anybody is given the slot that it had.
    this.totals.gates.wakeFreed()
    return 'again'
  }

  #exhaust(slot: number, text: string): FailOutcome {
    const { onExhausted } = this.settings
    switch (onExhausted) {
      case 'dead-letter':
        this.condemn(slot, { reason: 'max-deliver', text })
        return 'condemned'
      case 'drop':
        this.counters.dropped++
        this.settle(slot)
        return 'dropped'
      case 'block': {
        const offset = this.deliveries.offset[slot]!
        const pool = this.deliveries.pool[slot]!
        this.#judge(slot, { reason: 'blocked', text })
        this.freeSlot(slot)
        this.#block(pool, offset)
        this.totals.gates.wakeFreed()
        return 'blocked'
      }
      default:
        return unreachable(onExhausted)
    }
  }

  /**
   * The record is to become a dead letter; it keeps its slot until the letter is durable, then `settle` it.
   */
  condemn(slot: number, verdict: Verdict): void {
    this.#judge(slot, verdict)
    this.holdForDeadLetter(slot)
  }

  #judge(slot: number, verdict: Verdict): void {
    const failures = this.deliveries.attempt[slot]!
    this.retries.set(this.deliveries.offset[slot]!, { failures, dueWallMs: 0, waitMs: 0, verdict })
  }

  /** Takes a condemned record from its member, or keeps it from one after a restart. */
  holdForDeadLetter(slot: number): void {
    this.deliveries.takeFromMember(slot)
    this.deliveries.phase[slot] = deliveryPhases.deadLettering
  }

  /** Whether a record is to become a dead letter. */
  isCondemned(offset: number): boolean {
    const verdict = this.retries.find(offset)?.verdict
    return verdict !== undefined && verdict.reason !== 'blocked'
  }

  #backoffMs(failures: number): number {
    const { backoffMs } = this.settings
    return backoffMs.length === 0 ? 0 : backoffMs[Math.min(failures, backoffMs.length) - 1]!
  }

  /** Frees what a delivery has taken of its pool, of its gates and of the consumer. */
  freeSlot(slot: number): void {
    const { inFlight, bundle } = this.pools
    const pool = this.deliveries.pool[slot]!
    inFlight[pool]!--
    this.totals.inFlight--
    if (bundle[pool] !== none) this.totals.gates.count(bundle[pool]!, -1, 0)
    this.deliveries.remove(slot)
  }

  // ── Blocked ──────────────────────────────────────────────────────────────────────────────────────────────

  #block(pool: number, offset: number): void {
    this.blocked.add(pool, offset)
    this.turns.makeReady(pool)
  }

  blockedOf(pool: number): readonly number[] {
    return this.blocked.offsetsOf(pool)
  }

  // ── Delays and deadlines ─────────────────────────────────────────────────────────────────────────────────

  /** At limit 1 its pool, and a captured pool, keep the slot: a later record must not overtake it. */
  #delay(pool: number, offset: number, dueMs: number): void {
    this.#countDelayed(pool, 1)
    this.delays.add(dueMs, offset, pool)
    this.turns.makeReady(pool)
  }

  #countDelayed(pool: number, change: number): void {
    const { delayed, bundle } = this.pools
    delayed[pool]! += change
    if (bundle[pool] !== none) this.totals.gates.count(bundle[pool]!, 0, change)
  }

  /** A delayed record is gone: drained, or no longer in the log. */
  endDelay(pool: number): void {
    this.#countDelayed(pool, -1)
  }

  /** Moves records whose delay is over back to their pools, as many as others can wait for. */
  wakeDelayed(nowMs: number): void {
    const { delays } = this
    const woken: { offset: number; pool: number }[] = []
    while (delays.nextDueMs <= nowMs && woken.length < wokenAtOnce) {
      delays.take()
      this.#countDelayed(delays.takenPool, -1)
      woken.push({ offset: delays.takenOffset, pool: delays.takenPool })
    }
    // Why latest first: each then goes to the very front of its pool.
    woken.sort((a, b) => b.offset - a.offset)
    for (const { offset, pool } of woken) this.#parkInFront(pool, offset)
    this.totals.gates.wakeFreed()
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

  /** What a drain has to settle is not all read again yet. */
  get isDraining(): boolean {
    return this.spilled.isDraining
  }

  /** Other settings from now on. What is out stays out; a lowered limit recalls nothing. */
  applySettings(settings: FlowSettings, nowMs: number): void {
    const before = this.settings
    this.settings = settings
    if (settings.ackWaitMs > 0 && settings.ackWaitMs !== before.ackWaitMs)
      this.deliveries.capDeadlines(nowMs + settings.ackWaitMs)
    if (settings.paused !== before.paused) this.#applyPauses()
    if (settings.rules !== before.rules || settings.filter !== before.filter) this.#rematchAll(before.rules)
    else if (settings.paused !== before.paused) this.pools.forEach((pool) => this.turns.makeReady(pool))
    this.totals.gates.wakeFreed()
  }

  #applyPauses(): void {
    const { paused } = this.settings
    this.pools.forEach((pool) => {
      this.pools.setFlag(pool, poolFlags.paused, paused !== undefined && this.pools.isIn(pool, paused))
    })
  }

  /** All lanes are placed anew by the rules that hold now. */
  #rematchAll(before: RuleTable): void {
    const { pools, settings, totals } = this
    this.turns.disband()
    // Why compared: with other numbers alone each pool keeps its gates, and there may be very many.
    if (settings.rules.isShapedLike(before)) {
      totals.gates.adopt(settings.rules)
      pools.forEach((pool) => pools.rematch(pool, settings))
    } else this.#changeGates()
    totals.gates.adopted(this.owner, settings.rules)
  }

  /** Every pool leaves its gates and comes to those of the rules that hold now, with what it has out. */
  #changeGates(): void {
    const { pools, settings } = this
    const { gates } = this.totals
    const { bundle, inFlight, delayed } = pools
    pools.forEach((pool) => {
      if (bundle[pool] === none) return
      gates.count(bundle[pool]!, -inFlight[pool]!, -delayed[pool]!)
      gates.bundles.detach(bundle[pool]!)
      bundle[pool] = none
    })
    gates.adopt(settings.rules)
    pools.forEach((pool) => {
      pools.rematch(pool, settings)
      if (settings.rules.sharesEnd === 0) return
      this.#attach(pool)
      gates.count(bundle[pool]!, inFlight[pool]!, delayed[pool]!)
    })
  }
}
