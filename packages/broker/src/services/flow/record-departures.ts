// What leaves one partition of a flow consumer though no member settled it: records that are removed from the
// log, or drained, or blocked and decided on by an operator. The flow state takes them from their places;
// here that is written, and what has not been read yet is looked up.

import type { BlockedDecision, BlockedRow } from '@sluice/protocol/model/consumer'
import type { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { Partition } from '../../cluster/partition.ts'
import type { Removed } from '../../log/log.ts'
import type { ProgressWriter } from './progress/progress-store.ts'
import type { LocatedRecord } from './reading/batch-view.ts'
import { scanLog } from './reading/scan-log.ts'
import type { ScanContext } from './reading/scan-log.ts'
import { decide } from './state/blocked-decision.ts'
import { drain, partFromOthers, removeBelow, removeOffsets } from './state/flow-removal.ts'
import type { FlowState } from './state/flow-state.ts'
import type { SubjectFilter } from './state/rule-table.ts'

const none = -1
/** How long a drain waits before it looks again whether all was read that it has to settle. */
const drainLookMs = 5
const decoder = new TextDecoder()

/** The partition's coordinator, which runs its state. */
export interface DepartureOwner {
  readonly partition: Partition
  readonly state: FlowState
  readonly progress: ProgressWriter
  /** The record at an offset, read from disk where need be; undefined where it is gone. */
  load(offset: number): Promise<LocatedRecord | undefined>
  /** The delivery's member has room again. */
  letGoOf(slot: number): void
  /** The delivery is on its way to the dead-letter stream from now on. */
  condemned(slot: number): void
  wake(): void
}

export class RecordDepartures {
  readonly #owner: DepartureOwner

  constructor(owner: DepartureOwner) {
    this.#owner = owner
  }

  // ── Removed from the log ─────────────────────────────────────────────────────────────────────────────────

  removed(removed: Removed): void {
    const { state, progress } = this.#owner
    const ended = (slot: number): void => this.#owner.letGoOf(slot)
    if ('below' in removed) {
      removeBelow(state, removed.below, ended)
      progress.raiseFloor(removed.below)
    } else {
      // Why not all: a compaction removes hundreds of thousands at once, most of which were settled long ago.
      const unsettled = removed.offsets.filter((offset) => !state.settled.has(offset))
      removeOffsets(state, unsettled, ended)
      for (const offset of unsettled) progress.settled(offset)
    }
  }

  /** Nothing of the log is left: what was out or waiting is gone, and no limit that is shared counts it. */
  endOfLog(): void {
    const { partition, state } = this.#owner
    this.removed({ below: Math.max(partition.highWatermark, state.readPosition) })
    partFromOthers(state)
  }

  // ── Drained ──────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Settles what matches, up to now, and is neither in flight nor a dead letter to be. What is read meanwhile
   * is found at the end. Durable when it resolves with how many.
   */
  async drain(filter: SubjectFilter, context: ScanContext): Promise<number> {
    const { state, partition, progress } = this.#owner
    let drained = drain(state, filter)
    const visit = ({ bytes, keyStart, keyEnd, offset }: RecordCursor): void => {
      if (offset < state.readPosition || state.settled.has(offset) || state.isCondemned(offset)) return
      if (!filter.matches(bytes, keyStart, keyEnd)) return
      this.#settleUnread(offset)
      // Why settled all the same: the consumer's own filter, which passes it over, may be altered first.
      if (!state.settings.filter.matches(bytes, keyStart, keyEnd)) return
      state.counters.drained++
      drained++
    }
    await scanLog(partition, { from: state.readPosition, end: partition.highWatermark, visit }, context)
    drained += drain(state, filter)
    await this.#readAllDrained(context)
    await progress.durable()
    return drained
  }

  /** What was drained and is not in memory is settled when it is read again. */
  async #readAllDrained({ timers, check }: ScanContext): Promise<void> {
    while (this.#owner.state.isDraining) {
      this.#owner.wake()
      await new Promise<void>((resolve) => {
        timers.after(drainLookMs, resolve)
      })
      check()
    }
  }

  #settleUnread(offset: number): void {
    const { state, progress } = this.#owner
    state.settled.add(offset)
    state.retries.remove(offset)
    progress.settled(offset)
  }

  // ── Blocked ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Rising. */
  blockedOffsets(): number[] {
    const { retries } = this.#owner.state
    const offsets: number[] = []
    for (const [offset, { verdict }] of retries.entries())
      if (verdict?.reason === 'blocked') offsets.push(offset)
    return offsets.sort((a, b) => a - b)
  }

  /** Undefined where it is blocked no more, or gone. */
  async blockedRowOf(offset: number): Promise<Omit<BlockedRow, 'partition'> | undefined> {
    const subject = await this.#subjectOf(offset)
    const retry = this.#owner.state.retries.find(offset)
    if (subject === undefined || retry?.verdict?.reason !== 'blocked') return undefined
    return { subject, offset, attempts: retry.failures, error: retry.verdict.text }
  }

  /**
   * Returns how many records it was decided on. What is not read yet is found by looking it up; `check` is
   * asked after each wait, and throws when it is not worth going on.
   */
  async unblock(subject: string, decision: BlockedDecision, check: () => void): Promise<number> {
    const unread: number[] = []
    for (const offset of this.blockedOffsets()) {
      if (offset < this.#owner.state.readPosition) continue
      if ((await this.#subjectOf(offset)) === subject) unread.push(offset)
      check()
    }
    let records = 0
    for (const pool of this.#blockedPoolsOf(subject)) records += this.#decideInPool(pool, decision)
    for (const offset of unread) if (this.#decideUnread(offset, decision)) records++
    return records
  }

  /** Those whose subject is shown as this. Why not one: keys that are no text may look alike. */
  #blockedPoolsOf(subject: string): number[] {
    const { pools, blocked } = this.#owner.state
    const key = Buffer.from(subject)
    const pool = pools.find(key, 0, key.length)
    const isText = subject !== '' && !subject.includes('\ufffd')
    if (isText) return pool === none ? [] : [pool]
    return [...blocked.pools].filter((each) => pools.subjectOf(each) === subject)
  }

  #decideInPool(pool: number, decision: BlockedDecision): number {
    const { state } = this.#owner
    const { offsets, slots } = decide(state, pool, decision)
    for (const slot of slots) this.#owner.condemned(slot)
    for (const offset of offsets) this.#write(offset)
    return offsets.length
  }

  /** Reading finds it as it was decided. */
  #decideUnread(offset: number, decision: BlockedDecision): boolean {
    const { state } = this.#owner
    const retry = state.retries.find(offset)
    // Why again: it may have been read, and decided on, while the others were looked up.
    if (retry?.verdict?.reason !== 'blocked' || offset < state.readPosition) return false
    if (decision === 'drop') {
      this.#settleUnread(offset)
      state.counters.dropped++
    } else if (decision === 'retry') state.retries.set(offset, { failures: 0, dueWallMs: 0, waitMs: 0 })
    else state.retries.set(offset, { ...retry, verdict: { ...retry.verdict, reason: 'max-deliver' } })
    this.#write(offset)
    return true
  }

  /** What is known of the record by now. */
  #write(offset: number): void {
    const { state, progress } = this.#owner
    const retry = state.retries.find(offset)
    if (retry === undefined) progress.settled(offset)
    else progress.retry(offset, retry)
  }

  async #subjectOf(offset: number): Promise<string | undefined> {
    const record = await this.#owner.load(offset)
    if (record === undefined) return undefined
    const { view, index } = record
    const end = view.keyEndAt(index)
    return end < 0 ? '' : decoder.decode(view.bytes.subarray(view.keyStartAt(index), end))
  }
}
