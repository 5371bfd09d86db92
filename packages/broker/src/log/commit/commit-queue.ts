// Gathers batches while the disk is busy, and writes them together: the group commit.
//
//   append ─> [ gathering ] ─> [ group, group … ] ─> writing ─> durable
//
// Offsets are given at once, in order, on the belief that what is before will be durable. When it will not,
// all that was given an offset since is refused with it, and the offsets are given again.
// Invariant: durableEnd <= offsets of all groups <= nextOffset; each group lies in one segment.

import { lastOffsetDeltaOf, placeBatch, producerIdOf } from '@sluice/protocol/record/record-batch'
import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Logger } from '../../base/logger.ts'
import type { Clock } from '../../io/io.ts'
import { groupBytesMax } from '../log-limits.ts'
import type { ProducerTable } from '../producers/producer-table.ts'
import type { SegmentBounds } from '../removal/retention-plan.ts'
import { BatchGroup } from './batch-group.ts'
import { RefusalLines } from './refusal-lines.ts'
import type { SegmentWriter } from './segment-writer.ts'

export interface CommitQueueParts {
  readonly writer: SegmentWriter
  readonly clock: Clock
  readonly logger: Logger
  readonly bounds: SegmentBounds
  /** Hears what is appended and what is taken back; undefined where the log has none. */
  readonly producers: ProducerTable | undefined
}

/** Must not throw. */
export interface CommitListener {
  /** Called right after the group became durable, before those who wait for it. */
  confirmed(group: BatchGroup): void
  wentOffline(): void
}

export class CommitQueue {
  readonly #parts: CommitQueueParts
  readonly #listener: CommitListener
  readonly #refusals: RefusalLines
  readonly #settled = Promise.resolve()
  /** In order; the first one is being written. */
  #groups: BatchGroup[] = []
  /** The last of them, while it still takes batches. */
  #gathering: BatchGroup | undefined
  #running: Promise<void> | undefined
  #nextOffset: number
  #durableEnd: number
  #pendingBytes = 0
  #offline: BrokerError | undefined
  /** Of `sync`: as after every failed sync, nothing can be believed any more. */
  #syncFailure: BrokerError | undefined
  /** The segment that the next batch goes to, as if all that waits were written. */
  #next: { baseOffset: number; sizeBytes: number; sinceMs: number }
  #mustRoll: boolean
  #bounds: SegmentBounds

  constructor(parts: CommitQueueParts, listener: CommitListener, mustRoll: boolean) {
    const { active } = parts.writer
    this.#parts = parts
    this.#refusals = new RefusalLines(parts.logger, parts.clock)
    this.#listener = listener
    this.#nextOffset = this.#durableEnd = active.endOffset
    this.#next = {
      baseOffset: active.baseOffset,
      sizeBytes: active.sizeBytes,
      sinceMs: parts.clock.monotonicMs(),
    }
    this.#mustRoll = mustRoll
    this.#bounds = parts.bounds
  }

  get nextOffset(): number {
    return this.#nextOffset
  }

  get durableEnd(): number {
    return this.#durableEnd
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get offline(): BrokerError | undefined {
    return this.#offline
  }

  /** See `Log.append`. Invariant: batches that are appended together are in one group. */
  append(batches: readonly Uint8Array[], leaderEpoch: number): number {
    if (this.#offline !== undefined) throw this.#offline
    const baseOffset = this.#nextOffset
    let nextOffset = baseOffset
    let sizeBytes = 0
    for (const batch of batches) {
      placeBatch(batch, 0, nextOffset, leaderEpoch)
      nextOffset += lastOffsetDeltaOf(batch, 0) + 1
      sizeBytes += batch.length
    }
    const group = this.#groupFor(sizeBytes, nextOffset)
    for (const batch of batches) {
      group.add(batch)
      if (producerIdOf(batch, 0) >= 0) this.#noteProducer(batch)
    }
    this.#nextOffset = nextOffset
    this.#next.sizeBytes += sizeBytes
    this.#pendingBytes += sizeBytes
    this.#running ??= this.#settled.then(() => this.#run())
    return baseOffset
  }

  /** See `Log.durable`. */
  durable(): Promise<void> {
    if (this.#offline !== undefined) return Promise.reject(this.#offline)
    return this.#groups.at(-1)?.settled ?? this.#settled
  }

  /** See `Log.sync`. */
  async sync(): Promise<void> {
    await this.durable()
    const failure = await this.#parts.writer.sync()
    if (failure === undefined) return
    this.#syncFailure ??= failure
    // Why not at once: what is being written has its own outcome, and the queue ends behind it.
    if (this.#running === undefined && this.#offline === undefined) this.#refuse(failure)
    throw failure
  }

  /** The next batch begins a new segment, unless the current one is empty. */
  roll(): void {
    this.#mustRoll = this.#next.sizeBytes > 0
  }

  /** Holds for the next batch. */
  boundSegments(bounds: SegmentBounds): void {
    this.#bounds = bounds
  }

  /**
   * Begins a new segment behind all that was appended so far, unless the last one is empty. Rejects like
   * `durable`. The one before is finished, with its index on disk, when `sealed` resolves.
   */
  beginSegment(): Promise<void> {
    if (this.#offline !== undefined || this.#next.sizeBytes === 0) return this.durable()
    const group = this.#gatherNext(true)
    this.#running ??= this.#settled.then(() => this.#run())
    return group.settled
  }

  sealed(): Promise<void> {
    return this.#parts.writer.sealed
  }

  /** Waits for all that was appended, then finishes the active segment. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running
    if (this.#offline !== undefined) return
    const failure = await this.#parts.writer.close()
    if (failure !== undefined) this.#refuse(failure)
  }

  #noteProducer(batch: Uint8Array): void {
    const { producers, clock } = this.#parts
    producers?.appended(batch, 0, clock.wallMs(), this.#durableEnd)
  }

  #groupFor(sizeBytes: number, nextOffset: number): BatchGroup {
    const rolls = this.#rollsFor(sizeBytes, nextOffset)
    const gathering = this.#gathering
    if (gathering !== undefined && !rolls && gathering.sizeBytes + sizeBytes <= groupBytesMax)
      return gathering
    return this.#gatherNext(rolls)
  }

  #gatherNext(rolls: boolean): BatchGroup {
    const group = new BatchGroup(this.#nextOffset, rolls)
    this.#groups.push(group)
    this.#gathering = group
    if (rolls) {
      this.#next = { baseOffset: this.#nextOffset, sizeBytes: 0, sinceMs: this.#parts.clock.monotonicMs() }
      this.#mustRoll = false
    }
    return group
  }

  #rollsFor(sizeBytes: number, nextOffset: number): boolean {
    const { bytes, ms, offsets } = this.#bounds
    const next = this.#next
    if (next.sizeBytes === 0) return false
    return (
      this.#mustRoll ||
      next.sizeBytes + sizeBytes > bytes ||
      nextOffset - next.baseOffset > offsets ||
      this.#parts.clock.monotonicMs() - next.sinceMs >= ms
    )
  }

  async #run(): Promise<void> {
    while (this.#groups.length > 0 && this.#syncFailure === undefined) {
      const group = this.#groups[0]
      // Why: from here on the group is what it is; what comes now is gathered in the next one.
      if (group === this.#gathering) this.#gathering = undefined
      const refusal = await this.#parts.writer.write(group)
      if (refusal === undefined) this.#confirm(group)
      else this.#refuse(refusal)
    }
    if (this.#syncFailure !== undefined && this.#offline === undefined) this.#refuse(this.#syncFailure)
    this.#running = undefined
  }

  #confirm(group: BatchGroup): void {
    this.#groups.shift()
    this.#durableEnd = group.endOffset
    this.#pendingBytes -= group.sizeBytes
    this.#listener.confirmed(group)
    group.confirm()
  }

  /** Invariant: what follows a refused group was placed behind it, so it goes with it. */
  #refuse(why: BrokerError): void {
    const refused = this.#groups
    this.#groups = []
    this.#gathering = undefined
    this.#nextOffset = this.#durableEnd
    this.#parts.producers?.cut(this.#durableEnd)
    this.#pendingBytes = 0
    this.#refusals.tell(why, this.#durableEnd)
    if (why.code === 'partition-offline') this.#goOffline(why)
    else this.#resetNext(refused)
    for (const group of refused) group.refuse(why)
  }

  #resetNext(refused: readonly BatchGroup[]): void {
    const { baseOffset, sizeBytes } = this.#parts.writer.active
    this.#next = { baseOffset, sizeBytes, sinceMs: this.#next.sinceMs }
    this.#mustRoll = sizeBytes > 0 && refused.some(({ rolls }) => rolls)
  }

  #goOffline(why: BrokerError): void {
    this.#offline = why
    this.#listener.wentOffline()
  }
}
