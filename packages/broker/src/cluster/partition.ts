// Path of a message 4/5 · from services/streams/publish.ts · to log/log.ts.
// One partition as services see it: its log, under a leader epoch, readable up to the high watermark.
// Must never show a record above the high watermark, and never interpret one.

import { batchSizeOf, lastOffsetOf } from '@sluice/protocol/record/record-batch'
import type { Log, LogSlice } from '../log/log.ts'

export class Partition {
  readonly index: number
  /** Grows with every start of the broker; stored in each batch, so that logs can be compared by who wrote them. */
  readonly leaderEpoch: number
  readonly #log: Log

  constructor(index: number, leaderEpoch: number, log: Log) {
    this.index = index
    this.leaderEpoch = leaderEpoch
    this.#log = log
  }

  /** Offset of the first record that is kept. */
  get logStart(): number {
    return this.#log.logStart
  }

  /** Offset after the last record that may be read. With one replica: what its durability has made safe. */
  get highWatermark(): number {
    return this.#log.durableEnd
  }

  get sizeBytes(): number {
    return this.#log.sizeBytes
  }

  /** Records lost to damaged bytes. */
  get quarantined(): number {
    return this.#log.quarantined
  }

  /** Undefined while all is well; else why nothing can be appended. */
  get offline(): string | undefined {
    return this.#log.offline
  }

  /**
   * Appends one checked batch, which the log owns from now on, and returns its base offset. It is neither durable
   * nor readable before `durable()` resolves. Throws when the partition is offline.
   */
  append(batch: Uint8Array): number {
    return this.#log.append(batch, this.leaderEpoch)
  }

  /** Resolves when all that was appended so far is durable; rejects when it never will be. */
  durable(): Promise<void> {
    return this.#log.durable()
  }

  /** Hears when the high watermark has grown or the log start has moved; returns how to stop. */
  onAdvance(listener: () => void): () => void {
    return this.#log.onAdvance(listener)
  }

  /** Whole batches from the one that holds `offset`, if they are in memory; undefined otherwise. */
  readCached(offset: number): LogSlice | undefined {
    const slice = this.#log.readCached(offset)
    return slice === undefined ? undefined : this.#readable(slice, offset)
  }

  /** Whole batches from the one that holds `offset`: at least one if there is one, else about `bytesMax` bytes. */
  async read(offset: number, bytesMax: number): Promise<LogSlice> {
    return this.#readable(await this.#log.read(offset, bytesMax), offset)
  }

  /** Offset of the first record at or after this time; the high watermark when there is none. */
  async offsetForTime(timeMs: number): Promise<number> {
    return Math.min(await this.#log.offsetForTime(timeMs), this.highWatermark)
  }

  /** Takes off batches that end above the high watermark. */
  #readable(slice: LogSlice, offset: number): LogSlice {
    const limit = this.highWatermark
    if (slice.nextOffset <= limit) return slice
    const { bytes, start } = slice
    let end = start
    let nextOffset = Math.min(offset, limit)
    while (end < slice.end && lastOffsetOf(bytes, end) < limit) {
      nextOffset = lastOffsetOf(bytes, end) + 1
      end += batchSizeOf(bytes, end)
    }
    return { bytes, start, end, nextOffset }
  }
}
