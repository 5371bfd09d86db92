// Path of a message 5/5 · from cluster/partition.ts · to disk.
// One partition's log: an ordered list of segments, of which only the last grows.
// Must never interpret keys, values or transactions; it sees batches as bytes.

import { batchHeaderBytes, batchSizeOf } from '@sluice/protocol/record/record-batch'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { assert } from '../base/assert.ts'
import { IoError } from '../io/io.ts'
import type { Io } from '../io/io.ts'
import type { BatchGroup } from './commit/batch-group.ts'
import { LogCompaction } from './compaction/log-compaction.ts'
import type { CompactionRun } from './compaction/log-compaction.ts'
import { batchBytesMax } from './log-limits.ts'
import type { LogOptions } from './log-options.ts'
import type { LogParts } from './log-parts.ts'
import { buildLog } from './log-parts.ts'
import { emptySlice } from './log-slice.ts'
import type { LogSlice } from './log-slice.ts'
import type { QuarantinedRange } from './quarantined-range.ts'
import { LogRemoval } from './removal/log-removal.ts'
import type { Removed } from './removal/log-removal.ts'
import { keepsAll, segmentBoundsFor } from './removal/retention-plan.ts'
import type { Retention, SegmentBounds } from './removal/retention-plan.ts'
import { timeWithin } from './segment/record-time.ts'
import type { LogTail } from './tail-cache.ts'

export type { CompactionRun } from './compaction/log-compaction.ts'
export type { LogOptions } from './log-options.ts'
export type { LogSlice } from './log-slice.ts'
export type { QuarantinedRange } from './quarantined-range.ts'
export type { Removed } from './removal/log-removal.ts'
export { keepsAll } from './removal/retention-plan.ts'
export type { Retention } from './removal/retention-plan.ts'

/** When a segment is full. */
export interface SegmentSizes {
  readonly segmentBytes: number
  readonly segmentMs: number
}

export class Log {
  readonly directory: string
  readonly #parts: LogParts
  readonly #opened: SegmentBounds
  readonly #tail: LogTail
  readonly #listeners: Set<() => void>
  readonly #removal: LogRemoval
  readonly #compaction: LogCompaction
  /** Settles when the compaction under way has ended. */
  #compacting: Promise<unknown> | undefined
  #retention: Retention = keepsAll
  #isTrimming = false
  #isClosed = false

  /** Recovers what is in the folder, and makes it where there is none. */
  static async open(io: Io, directory: string, options: LogOptions): Promise<Log> {
    const tail = options.tail.tailOf()
    const listeners = new Set<() => void>()
    const notify = (): void => {
      for (const listener of listeners) listener()
    }
    let log: Log | undefined
    const confirmed = (group: BatchGroup): void => {
      let offset = group.baseOffset
      for (const batch of group.batches) offset = tail.add(batch, offset)
      notify()
      if (group.rolls && log !== undefined) log.#segmentBegan()
    }
    try {
      const parts = await buildLog(io, directory, options, { confirmed, wentOffline: notify })
      log = new Log(parts, tail, listeners)
      return log
    } catch (error) {
      throw toBrokerError(error, `The log in ${directory} cannot be opened`)
    }
  }

  private constructor(parts: LogParts, tail: LogTail, listeners: Set<() => void>) {
    this.directory = parts.directory
    this.#parts = parts
    this.#opened = parts.bounds
    this.#tail = tail
    this.#removal = new LogRemoval(parts, tail)
    this.#compaction = new LogCompaction(parts, this.#removal)
    this.#listeners = listeners
  }

  /** First offset that is kept. */
  get logStart(): number {
    return this.#parts.segments.logStart
  }

  /** Next offset to be given. */
  get logEnd(): number {
    return this.#parts.queue.nextOffset
  }

  /** Offsets below are durable as configured: they may be read. */
  get durableEnd(): number {
    return this.#parts.queue.durableEnd
  }

  get sizeBytes(): number {
    return this.#parts.segments.sizeBytes
  }

  /** Bytes appended and not yet durable. `append` never waits: who appends bounds them. */
  get pendingBytes(): number {
    return this.#parts.queue.pendingBytes
  }

  get quarantined(): readonly QuarantinedRange[] {
    const within = this.#parts.segments.all.flatMap((segment) => segment.quarantined)
    const inOrder = (a: QuarantinedRange, b: QuarantinedRange): number => a.baseOffset - b.baseOffset
    // Why not what lies below: those records were removed, whatever became of their bytes.
    const { removedBelow } = this.#parts.segments
    const kept = [...this.#parts.gaps, ...within].filter(({ nextOffset }) => nextOffset > removedBelow)
    return kept.sort(inOrder)
  }

  /** Set after a failed write or sync: no further acks, until a restart. What is durable is still read. */
  get offline(): BrokerError | undefined {
    return this.#parts.queue.offline
  }

  /**
   * Gives the batch its place (base offset and leader epoch, in place) and queues it; returns the base
   * offset. The bytes, one whole checked batch, are the log's from now on. Throws the offline error.
   */
  append(batch: Uint8Array, leaderEpoch: number): number {
    return this.appendAll([batch], leaderEpoch)
  }

  /**
   * The same for several, one after the other: they share one write, so that all of them become durable or
   * all are refused. Returns the base offset of the first.
   */
  appendAll(batches: readonly Uint8Array[], leaderEpoch: number): number {
    for (const batch of batches) {
      const size = batch.length
      assert(size >= batchHeaderBytes && size <= batchBytesMax, 'an appended batch has a size within bounds')
      assert(batchSizeOf(batch, 0) === size, 'exactly one whole batch is appended')
    }
    this.#checkOpen()
    return this.#parts.queue.append(batches, leaderEpoch)
  }

  /** The idempotent producers that write to it; undefined where it was opened without. */
  get producers(): LogParts['producers'] {
    return this.#parts.producers
  }

  /**
   * Resolves when all that is appended so far is durable; one promise shared by a whole group. Rejects with
   * `disk-full` or `io-failed` (nothing was kept, the offsets are given again, later appends are tried) or
   * `partition-offline`. Ask in the same turn as the append: later it can only tell of what is left.
   */
  durable(): Promise<void> {
    return this.#parts.queue.durable()
  }

  /** Resolves when all that was appended so far survives a power loss, whatever the durability. */
  sync(): Promise<void> {
    return this.#parts.queue.sync()
  }

  /**
   * Called, synchronously, whenever `durableEnd` moved or the log went offline; must not throw.
   * Returns its end.
   */
  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * The whole batch of the tail cache that contains the offset, or undefined. Borrowed: it is
   * the cache's own.
   */
  readCached(offset: number): LogSlice | undefined {
    return offset < this.logStart ? undefined : this.#tail.find(offset)
  }

  /**
   * Whole verified batches from the one containing `offset` on, below `durableEnd`; at least one, even if
   * larger than `bytesMax`. From a quarantined offset, those behind it. Empty at `durableEnd`.
   * `offset-out-of-range` before `logStart` or after `durableEnd`.
   */
  read(offset: number, bytesMax: number): Promise<LogSlice> {
    return this.#read(offset, (reader) => this.readCached(offset) ?? reader.read(offset, bytesMax))
  }

  /**
   * The same from disk, for who passes the bytes on to a reader that checks them: they are lent until
   * `release`, and checksums that were right once since the start are not looked at again, unless they are
   * doubted.
   */
  lend(offset: number, bytesMax: number, isDoubted: boolean): Promise<LogSlice> {
    return this.#read(offset, (reader) => reader.lend(offset, bytesMax, !isDoubted))
  }

  async #read(
    offset: number,
    read: (reader: LogParts['reader']) => LogSlice | Promise<LogSlice>,
  ): Promise<LogSlice> {
    this.#checkOpen()
    this.#checkOffset(offset)
    if (offset === this.durableEnd) return emptySlice(offset)
    try {
      return await read(this.#parts.reader)
    } catch (error) {
      // Why look again: the segment may have been dropped while it was opened.
      this.#checkOffset(offset)
      throw toBrokerError(error, `The log in ${this.directory} cannot be read at offset ${offset}`)
    }
  }

  /**
   * First offset of a record that is not older than the time, also within compressed batches; `logEnd` if
   * there is none among the durable ones.
   */
  async offsetForTime(timeMs: number): Promise<number> {
    let offset = this.logStart
    for (;;) {
      this.#checkOpen()
      const slice = await this.#parts.reader.readFromTime(timeMs, offset)
      if (slice.end === slice.start) return this.logEnd
      const found = timeWithin(slice, timeMs, offset)
      if (found !== undefined) return found
      offset = slice.nextOffset
    }
  }

  /** The largest timestamp of all batches; undefined where there is none that can be read. */
  async newestTime(): Promise<number | undefined> {
    const { segments, reader } = this.#parts
    let newest: number | undefined
    for (const segment of segments.all.slice()) {
      this.#checkOpen()
      // Why looked for: it may have been removed while another was read.
      if (segment.sizeBytes === 0 || !segments.all.includes(segment)) continue
      const timestamp = await reader.newestTime(segment).catch((error: unknown) => {
        if (segments.all.includes(segment))
          throw toBrokerError(error, `The log in ${this.directory} cannot be read`)
      })
      if (timestamp !== undefined && timestamp > (newest ?? -1)) newest = timestamp
    }
    return newest
  }

  /** The next append starts a new segment, unless the active one is empty. */
  roll(): void {
    this.#parts.queue.roll()
  }

  /**
   * Drops whole segments below the offset, never the active one. After a crash in between it is
   * finished at open.
   */
  truncateStart(offset: number): Promise<void> {
    return this.#remove(() => this.#removal.dropSegments(offset))
  }

  /**
   * Everything below the offset, which is at most `durableEnd`, is gone for good once it resolves. The bytes
   * of a segment that holds more stay until all of it goes. Resolves with how many records there were; none
   * below `logStart`.
   */
  removeBelow(offset: number): Promise<number> {
    return this.#remove(() => {
      if (offset > this.durableEnd) throw this.#outside(offset)
      return this.#removal.removeBelow(offset)
    })
  }

  /**
   * Takes single records out of their segments and resolves with how many there were; the others keep their
   * offsets. All offsets must be below `durableEnd`. `batch-not-decodable`: nothing was removed. After any
   * other error some may be gone, and asking again goes on.
   */
  deleteRecords(offsets: readonly number[]): Promise<number> {
    return this.#remove(() => {
      for (const offset of offsets)
        if (!(offset >= 0 && offset < this.durableEnd)) throw this.#outside(offset)
      return this.#removal.deleteRecords(offsets)
    })
  }

  /** Holds from the next append on; 0: what the log was opened with. */
  boundSegments({ segmentBytes, segmentMs }: SegmentSizes): void {
    const { bytes, ms, offsets } = this.#opened
    this.#parts.bounds = { bytes: segmentBytes || bytes, ms: segmentMs || ms, offsets }
    this.#boundSegments()
  }

  #boundSegments(): void {
    this.#parts.queue.boundSegments(segmentBoundsFor(this.#parts.bounds, this.#retention))
  }

  /** Drops what is not to be kept at that time, in whole segments. Bounds those that come to what is kept. */
  retain(retention: Retention, wallMs: number): Promise<void> {
    this.#retention = retention
    this.#boundSegments()
    return this.#remove(() => this.#removal.retain(retention, wallMs))
  }

  /**
   * A segment begins: size and count are looked at now, for much can come until `retain` is called again.
   */
  #segmentBegan(): void {
    const { maxBytes, maxMessages } = this.#retention
    if (!this.#isTrimming && (maxBytes > 0 || maxMessages > 0)) void this.#trim({ maxBytes, maxMessages })
  }

  async #trim(retention: Omit<Retention, 'maxAgeMs'>): Promise<void> {
    this.#isTrimming = true
    try {
      await this.#removal.retain({ ...retention, maxAgeMs: 0 }, 0)
    } catch {
      // Told by the next call of `retain`.
    } finally {
      this.#isTrimming = false
    }
  }

  /**
   * Keeps the newest record of each key, where enough of the log is dirty to be worth it or too old to wait;
   * resolves with whether it was. One at a time. What it has done is kept where it rejects in its middle.
   */
  async compact(run: CompactionRun): Promise<boolean> {
    assert(this.#compacting === undefined, 'a log is compacted once at a time')
    const isStopped = (): boolean => this.#isClosed || run.isStopped()
    const compacting = this.#remove(() => this.#compaction.run({ ...run, isStopped }))
    this.#compacting = compacting.catch(() => undefined)
    try {
      return await compacting
    } finally {
      this.#compacting = undefined
    }
  }

  /**
   * Called when a removal is durable, before it is answered; must not throw. Returns its end.
   */
  onRemoved(listener: (removed: Removed) => void): () => void {
    return this.#removal.onRemoved(listener)
  }

  /**
   * Makes durable what is pending and writes the indexes. The end was clean only if `offline`
   * is undefined then.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#removal.stop()
    await this.#compacting
    await this.#parts.queue.close()
    this.#tail.clear()
    try {
      await this.#saveProducers()
    } finally {
      await this.#parts.opened.closeAll()
    }
  }

  async #saveProducers(): Promise<void> {
    const { producers, queue } = this.#parts
    if (queue.offline !== undefined || producers === undefined) return
    try {
      await producers.save(queue.durableEnd)
    } catch (error) {
      throw toBrokerError(error, `The log in ${this.directory} cannot be closed cleanly`)
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new BrokerError('stopping', `The log in ${this.directory} is closed`)
  }

  #checkOffset(offset: number): void {
    if (!(offset >= this.logStart && offset <= this.durableEnd)) throw this.#outside(offset)
  }

  #outside(offset: number): BrokerError {
    const text = `Offset ${offset} is not within ${this.logStart} and ${this.durableEnd} of ${this.directory}`
    return new BrokerError('offset-out-of-range', text)
  }

  async #remove<T>(removal: () => Promise<T>): Promise<T> {
    this.#checkOpen()
    try {
      return await removal()
    } catch (error) {
      throw toBrokerError(error, `Nothing more can be removed from the log in ${this.directory}`)
    }
  }
}

function toBrokerError(error: unknown, text: string): unknown {
  if (!(error instanceof IoError)) return error
  return new BrokerError(error.kind === 'full' ? 'disk-full' : 'io-failed', `${text}: ${error.message}`, {
    cause: error,
  })
}
