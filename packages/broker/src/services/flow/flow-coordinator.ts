// Runs the flow state of one partition: reads the log, hands records to members, writes progress.
// Path of a delivery: log → record-source.ts → here → the member's port → its connection.
// Must never wait for a record: what is not in memory is asked for, and the round goes on without it.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { delayByBackoff, settleVerbs } from '@sluice/protocol/native/flow-messages'
import type { Settle } from '@sluice/protocol/native/flow-messages'
import { unreachable } from '../../base/assert.ts'
import type { Partition } from '../../cluster/partition.ts'
import { BlockedRestore } from './blocked-restore.ts'
import type { BatchView, LocatedRecord } from './reading/batch-view.ts'
import { admitted, FlowState } from './state/flow-state.ts'
import type { FlowSettings } from './state/flow-settings.ts'
import type { Failure, Moment } from './state/flow-state.ts'
import type { FlowTotals } from './state/flow-totals.ts'
import type { Delivery, Leaving, Member, MemberTable } from './member.ts'
import { cutImage } from './progress/progress-codec.ts'
import type { ProgressWriter } from './progress/progress-store.ts'
import { RecordFetcher } from './reading/record-fetcher.ts'
import type { FetchListener } from './reading/record-fetcher.ts'
import type { RecordSource } from './reading/record-source.ts'
import { RecordDepartures } from './record-departures.ts'

const none = -1
/** Bytes of one read when going through the log, and when one parked record is wanted. */
const readAheadBytes = 1024 * 1024
const singleReadBytes = 1

const ackTimeout: Failure = { text: 'no settle within ackWaitMs' }
const connectionLost: Failure = { text: 'the connection of the member broke' }

/** Deliveries that are taken back for time or for a member that left before others have their turn. */
export const takenBackPerRound = 8192

/** What a coordinator needs of the consumer that it serves. */
export interface FlowHost {
  readonly members: MemberTable
  readonly totals: FlowTotals
  readonly maxInflight: number
  readonly ackPolicy: 'explicit' | 'all' | 'none'
  /** There may be something to do: run a round soon. */
  wake(): void
  /** Writes the dead letter of a condemned delivery, then calls `deadLettered`. */
  deadLetter(coordinator: FlowCoordinator, slot: number): void
  now(): Moment
  /** A read failed: tells the operator, and calls `again` after a while. */
  readFailed(error: unknown, again: () => void): void
}

/** Filled anew for each record, and lent to a member's port for one call: no object per delivery. */
const delivery: Delivery = {
  partition: 0,
  slot: 0,
  sequence: 0,
  offset: 0,
  timestamp: 0,
  attempt: 0,
  bytes: new Uint8Array(0),
  recordStart: 0,
  recordEnd: 0,
}

export class FlowCoordinator implements FetchListener {
  readonly partition: Partition
  readonly state: FlowState
  readonly source: RecordSource
  readonly departures: RecordDepartures
  readonly #fetcher: RecordFetcher
  readonly #progress: ProgressWriter
  readonly #host: FlowHost
  /** The batch that is being read, and the next record in it. */
  #view: BatchView | undefined
  #index = 0
  #isReading = false
  #isRefilling = false
  #isReadersTurn = false
  readonly #restore: BlockedRestore
  readonly #stopListening: () => void
  #isClosed = false

  constructor(
    partition: Partition,
    { source, progress }: PartitionPorts,
    { settings, host }: CoordinatorOptions,
  ) {
    this.partition = partition
    this.source = source
    this.#fetcher = new RecordFetcher(source, this)
    this.#progress = progress
    this.#host = host
    this.#cutToLog()
    this.#restore = new BlockedRestore(settings, progress.image.retries)
    this.state = new FlowState(this.#restore.settingsUnder(settings), host.totals, progress.image)
    this.state.onSettledAside = (offset) => progress.settled(offset)
    progress.follow(this.state)
    if (this.state.readPosition < partition.logStart) this.state.skipTo(partition.logStart)
    this.departures = this.#departures()
    this.#stopListening = partition.onRemoved((removed) => {
      // Why: its records may be gone, and reading must not go back to what it still has.
      this.#view = undefined
      this.departures.removed(removed)
      host.wake()
    })
  }

  /** A log that is not synced may have lost records that were settled: their offsets are given again. */
  #cutToLog(): void {
    const end = this.partition.highWatermark
    const { settled, retries } = this.#progress.image
    let isBeyond = settled.floor > end
    settled.forEachRange((_start, rangeEnd) => {
      if (rangeEnd > end) isBeyond = true
    })
    for (const [offset] of retries.entries()) if (offset >= end) isBeyond = true
    if (!isBeyond) return
    cutImage(this.#progress.image, end)
    this.#progress.cut(end)
  }

  /** Records between the read position and the end. */
  get unread(): number {
    return Math.max(0, this.partition.highWatermark - this.state.readPosition)
  }

  /** After a restart: all that is read is parked until it is known which subjects are blocked. */
  get isRestoring(): boolean {
    return this.#restore.isPending
  }

  close(): void {
    this.#isClosed = true
    this.#stopListening()
  }

  /** The log was in memory and is no more: what was out or waiting of it is gone. */
  endOfLog(): void {
    this.departures.endOfLog()
    this.source.close()
    this.close()
  }

  // ── Delivering ───────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Handles up to `budget` records while members have room; returns how many. Unparked and newly read
   * records take turns, so that neither holds back the other.
   */
  work(budget: number, moment: Moment): number {
    let count = this.#refill(moment)
    const end = count + budget
    while (count < end && this.#canDeliver()) {
      this.#isReadersTurn = !this.#isReadersTurn
      const didWork = this.#isReadersTurn
        ? this.#readNext(moment) || this.#unparkNext(moment)
        : this.#unparkNext(moment) || this.#readNext(moment)
      if (!didWork) break
      count++
    }
    if (count > 0) this.#progress.floorMoved(this.state.settled.floor)
    this.#endRestore(moment)
    return count
  }

  /** What was parked until all blocked records were read may go. */
  #endRestore({ monotonicMs }: Moment): void {
    const settings = this.#restore.endedBy(this.state.readPosition)
    if (settings === undefined) return
    this.state.applySettings(settings, monotonicMs)
    this.#host.wake()
  }

  #canDeliver(): boolean {
    return this.#host.totals.inFlight < this.#host.maxInflight && this.#host.members.hasRoom
  }

  #readNext(moment: Moment): boolean {
    const view = this.#viewToRead()
    if (view === undefined) return false
    const index = this.#index++
    const pool = this.state.admit(view, index, moment)
    if (pool > admitted.notMatching) this.#give({ view, index }, pool, moment)
    return true
  }

  /**
   * The batch with the next record; undefined at the end of the log, or where it must be read
   * from disk first.
   */
  #viewToRead(): BatchView | undefined {
    const { state } = this
    while (this.#view === undefined || this.#index >= this.#view.recordCount) {
      if (this.#view !== undefined && this.#view.nextOffset > state.readPosition)
        state.skipTo(this.#view.nextOffset)
      this.#view = undefined
      if (this.#isReading || state.readPosition >= this.partition.highWatermark) return undefined
      this.#view = this.source.viewAt(state.readPosition)
      if (this.#view === undefined) {
        this.#readAhead()
        return undefined
      }
      this.#index = this.#view.indexFrom(state.readPosition)
    }
    return this.#view
  }

  #readAhead(): void {
    const { state } = this
    const wanted = state.readPosition
    this.#isReading = true
    this.#load(wanted, readAheadBytes, (found) => {
      this.#isReading = false
      if (found <= state.readPosition) return
      // Why asked: a gap may also be of records that were deleted before we began to listen.
      if (this.partition.quarantined > 0) state.counters.quarantined += found - state.readPosition
      state.skipTo(found)
    })
  }

  #unparkNext(moment: Moment): boolean {
    const { state } = this
    const pool = state.takeReady()
    if (pool === none) return false
    const offset = state.firstParked(pool)
    if (state.pools.isMatching[pool] === 0) {
      this.#passOver(pool)
      return true
    }
    const view = this.source.viewAt(offset)
    if (view === undefined) {
      state.awaitBytes(pool)
      this.#fetcher.fetch(pool, offset)
      return true
    }
    const index = view.indexFrom(offset)
    if (index < view.recordCount && view.offsetAt(index) === offset) {
      state.unpark(pool)
      this.#give({ view, index }, pool, moment)
    } else this.#vanished(pool)
    return true
  }

  /** For the fetcher: the bytes of a pool's first record have been read, or are gone. */
  fetched(pool: number, offset: number, found: number): void {
    if (this.#isClosed) return
    this.state.bytesArrived(pool)
    // Why compared: a record that came back meanwhile may be the first by now, or all were removed.
    const hasParked = this.state.pools.parkedCount[pool]! > 0
    if (found > offset && hasParked && this.state.firstParked(pool) === offset) this.#vanished(pool)
    this.#host.wake()
  }

  readFailed(error: unknown, again: () => void): void {
    if (!this.#isClosed) this.#host.readFailed(error, again)
  }

  /** Hands a record, which has left its queue or never stood in one, to the member whose turn it is. */
  #give(record: LocatedRecord, pool: number, moment: Moment): void {
    const { state } = this
    const offset = record.view.offsetAt(record.index)
    if (state.isCondemned(offset)) {
      const slot = state.deliver(pool, offset, none)
      state.holdForDeadLetter(slot)
      this.#host.deadLetter(this, slot)
      return
    }
    const member = this.#host.members.take()!
    const slot = state.deliver(pool, offset, member.id)
    this.#fill(slot, record)
    member.port.deliver(delivery)
    this.#host.members.delivered(member)
    state.sent(slot, moment.monotonicMs)
    if (this.#host.ackPolicy === 'none') this.#settleNow(slot, offset)
  }

  #settleNow(slot: number, offset: number): void {
    this.#progress.settled(offset)
    this.#letGoOf(slot)
    this.state.settle(slot)
  }

  #fill(slot: number, { view, index }: LocatedRecord): void {
    const { deliveries } = this.state
    delivery.partition = this.partition.index
    delivery.slot = slot
    delivery.sequence = deliveries.sequence[slot]!
    delivery.offset = deliveries.offset[slot]!
    delivery.timestamp = view.timestampAt(index)
    delivery.attempt = deliveries.attempt[slot]!
    delivery.bytes = view.bytes
    delivery.recordStart = view.recordStartAt(index)
    delivery.recordEnd = view.recordEndAt(index)
  }

  /** The bytes of a pool's first parked record are quarantined: nobody can have it any more. */
  #vanished(pool: number): void {
    this.state.counters.quarantined++
    this.#passOver(pool)
  }

  /** The first parked record of a pool is not delivered: its filter is gone, or its bytes are. */
  #passOver(pool: number): void {
    const offset = this.state.unpark(pool)
    this.#progress.settled(offset)
    this.state.passOver(pool, offset)
  }

  // ── Reading again what was not kept ──────────────────────────────────────────────────────────────────────

  /**
   * One batch at a time, so that deliveries have their turn between. Returns how many records
   * were read again.
   */
  #refill(moment: Moment): number {
    if (this.#isRefilling || this.state.spilled.count === 0) return 0
    const pool = this.state.spilled.nextStarving()
    if (pool === none) return 0
    const from = this.state.pools.spilledFrom[pool]!
    if (from >= this.state.readPosition) return this.state.endRefill(pool)
    const view = this.source.viewAt(from)
    if (view !== undefined) return this.state.refill(pool, view, moment)
    this.#loadForRefill(pool, from)
    return 0
  }

  #loadForRefill(pool: number, from: number): void {
    this.#isRefilling = true
    this.#load(from, readAheadBytes, (found) => {
      this.#isRefilling = false
      const { spilledCount, spilledFrom } = this.state.pools
      // Why compared: what it had may have been removed meanwhile, and its row be another pool's.
      const isSame = spilledCount[pool]! > 0 && spilledFrom[pool] === from
      if (found > from && isSame) this.state.skipRefill(pool, from, found)
    })
  }

  /** Reads, then tells what is there, then wakes the consumer. A failed read is tried again after a while. */
  #load(offset: number, bytesMax: number, loaded: (found: number) => void): void {
    const arrived = (found: number): void => {
      if (this.#isClosed) return
      loaded(found)
      this.#host.wake()
    }
    this.source.load(offset, bytesMax).then(arrived, (error: unknown) => {
      if (this.#isClosed) return
      this.#host.readFailed(error, () => this.#load(offset, bytesMax, loaded))
    })
  }

  // ── Settling ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Carries out one settle of a member; the code of why not, or undefined. */
  settle(member: Member, settle: Settle, moment: Moment): 'stale-delivery' | 'foreign-delivery' | undefined {
    const { state } = this
    const { slot } = settle
    const refusal = state.checkToken(slot, settle.sequence, member.id)
    if (refusal !== undefined) return refusal
    switch (settle.verb) {
      case settleVerbs.ack:
        if (this.#host.ackPolicy === 'all') state.settleEarlier(slot, (earlier) => this.#ack(earlier))
        this.#ack(slot)
        break
      case settleVerbs.nack:
        state.counters.nacked++
        this.#fail(slot, nackFailure(settle), moment)
        break
      case settleVerbs.release:
        this.release(slot)
        break
      case settleVerbs.reject:
        state.counters.rejected++
        this.#letGoOf(slot)
        state.condemn(slot, { reason: 'rejected', text: settle.reason })
        this.#condemned(slot)
        break
      case settleVerbs.working:
        state.extendDeadline(slot, moment.monotonicMs)
        break
      default:
        unreachable(settle.verb)
    }
    return undefined
  }

  #ack(slot: number): void {
    this.state.counters.acked++
    this.#settleNow(slot, this.state.deliveries.offset[slot]!)
  }

  release(slot: number): void {
    this.state.counters.released++
    this.#letGoOf(slot)
    this.state.release(slot)
  }

  #fail(slot: number, failure: Failure, moment: Moment): void {
    const offset = this.state.deliveries.offset[slot]!
    this.#letGoOf(slot)
    const fate = this.state.fail(slot, failure, moment)
    if (fate === 'condemned') this.#condemned(slot)
    else if (fate === 'dropped') this.#progress.settled(offset)
    else this.#progress.retry(offset, this.state.retries.find(offset)!)
  }

  #condemned(slot: number): void {
    const offset = this.state.deliveries.offset[slot]!
    this.#progress.retry(offset, this.state.retries.find(offset)!)
    this.#host.deadLetter(this, slot)
  }

  /** The bytes of a condemned record are quarantined: it is counted, and there is no letter of it. */
  letterVanished(slot: number): void {
    this.state.counters.quarantined++
    this.#progress.settled(this.state.deliveries.offset[slot]!)
    this.state.settle(slot)
    this.#host.wake()
  }

  /** The dead letter of a delivery is durable. */
  deadLettered(slot: number): void {
    this.state.counters.deadLettered++
    this.#progress.settled(this.state.deliveries.offset[slot]!)
    this.state.settle(slot)
    this.#host.wake()
  }

  #letGoOf(slot: number): void {
    const { members } = this.#host
    const member = members.find(this.state.deliveries.member[slot]!)
    if (member === undefined) return
    member.held--
    members.offer(member)
  }

  // ── Time and members ─────────────────────────────────────────────────────────────────────────────────────

  /** Wakes what was delayed and, unless members must be heard first, takes back what is overdue. */
  tick(moment: Moment, areDeadlinesKept: boolean): void {
    if (this.state.nextDueMs > moment.monotonicMs) return
    if (areDeadlinesKept) this.#takeBackOverdue(moment)
    this.state.wakeDelayed(moment.monotonicMs)
  }

  #takeBackOverdue(moment: Moment): void {
    const late: number[] = []
    while (late.length < takenBackPerRound) {
      const slot = this.state.overdue(moment.monotonicMs)
      if (slot === none) break
      this.state.deliveries.deadlines.clear(slot)
      late.push(slot)
    }
    for (const slot of this.#latestFirst(late)) {
      this.state.counters.timedOut++
      this.#fail(slot, ackTimeout, moment)
    }
  }

  /**
   * A member is gone: at most so many of what it held come back, as released or, if the connection broke, as
   * failed. Returns how many.
   */
  returnFrom([member, how]: [Member, Leaving], countMax: number, moment: Moment): number {
    const slots = this.state.deliveries.held.slotsOf(member.id, countMax)
    for (const slot of this.#latestFirst(slots)) {
      if (how === 'closed') this.release(slot)
      else {
        this.state.counters.timedOut++
        this.#fail(slot, connectionLost, moment)
      }
    }
    return slots.length
  }

  /** Why latest first: each record that comes back then goes to the very front of its pool. */
  #latestFirst(slots: number[]): number[] {
    const { offset } = this.state.deliveries
    return slots.sort((a, b) => offset[b]! - offset[a]!)
  }

  /** Resolves when all settles so far are durable. */
  durable(): Promise<void> {
    return this.#progress.durable()
  }

  /** The consumer is deleted: its progress is forgotten. */
  forget(): void {
    this.#progress.remove()
  }

  applySettings(settings: FlowSettings, moment: Moment): void {
    this.state.applySettings(this.#restore.settingsUnder(settings), moment.monotonicMs)
  }

  /** Writes all that is known of the partition, what a filter has passed over included. */
  saveProgress(): Promise<void> {
    return this.#progress.save()
  }

  #departures(): RecordDepartures {
    const { partition, state } = this
    return new RecordDepartures({
      partition,
      state,
      progress: this.#progress,
      load: (offset) => this.#loadRecord(offset),
      letGoOf: (slot) => this.#letGoOf(slot),
      condemned: (slot) => this.#condemned(slot),
      wake: () => this.#host.wake(),
    })
  }

  /** While nothing may be delivered: reads again what a drain has to settle, and nothing else. */
  readDrained(moment: Moment): void {
    if (this.state.isDraining) this.#refill(moment)
  }

  /** The bytes of a delivery's record, read from disk where need be; undefined where they are quarantined. */
  loadRecordOf(slot: number): Promise<LocatedRecord | undefined> {
    return this.#loadRecord(this.state.deliveries.offset[slot]!)
  }

  async #loadRecord(offset: number): Promise<LocatedRecord | undefined> {
    const isThere =
      this.source.viewAt(offset) !== undefined || (await this.source.load(offset, singleReadBytes)) <= offset
    if (!isThere) return undefined
    const view = this.source.viewAt(offset)
    if (view === undefined) throw new BrokerError('io-failed', `Record ${offset} was read and not kept`)
    const index = view.indexFrom(offset)
    return index < view.recordCount && view.offsetAt(index) === offset ? { view, index } : undefined
  }
}

/** Where the records of a partition come from, and where a consumer's progress on it goes. */
export interface PartitionPorts {
  readonly source: RecordSource
  readonly progress: ProgressWriter
}

export interface CoordinatorOptions {
  readonly settings: FlowSettings
  readonly host: FlowHost
}

function nackFailure({ delayMs, reason }: Settle): Failure {
  const text = reason === '' ? 'nacked' : reason
  return { text, delayMs: delayMs === delayByBackoff ? undefined : delayMs }
}
