// What a segment becomes when records are taken out of it: batches thinned, runs of emptied ones joined, and
// everything else, damaged bytes among it, copied as it is. Collects what one step of a scan brings; `flush`
// writes it.

import {
  baseOffsetOf,
  batchSizeOf,
  lastOffsetOf,
  maxTimestampOf,
  recordCountOf,
} from '@sluice/protocol/record/record-batch'
import { isBatchEmpty, joinEmptyBatches, thinBatch } from '@sluice/protocol/record/record-batch-thinning'
import type { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { File } from '../../io/io.ts'
import type { SegmentIndex } from '../segment/segment-index.ts'
import type { BadRange } from '../segment/segment.ts'

/** Decides what leaves a log. Asked in the order of offsets. */
export interface RecordChoice {
  /** False where every record of the batch stays: it is copied without a look at its records. */
  mayDrop(baseOffset: number, lastOffset: number): boolean
  /** The cursor is borrowed. */
  keep(record: RecordCursor): boolean
}

const copyBytes = 1024 * 1024

export class ThinnedCopy {
  readonly index: SegmentIndex
  /** Where damage is in the copy. */
  readonly ranges: BadRange[] = []
  /** Records that are not in the copy, and those that are. */
  removed = 0
  records = 0
  /** Of the copy, with what is not written yet. */
  sizeBytes = 0
  readonly #from: File
  readonly #to: File
  readonly #choice: RecordChoice
  /** What comes next: batches, and ranges of the old file. */
  #pieces: (Uint8Array | BadRange)[] = []
  #written = 0
  /** An emptied batch that waits for others to join. */
  #empty: Uint8Array | undefined
  /** How many of the scan's ranges are in the copy. */
  #rangeCount = 0

  constructor(from: File, to: File, choice: RecordChoice, index: SegmentIndex) {
    this.#from = from
    this.#to = to
    this.#choice = choice
    this.index = index
  }

  /** All that the scan knows of; those that are new stand before the next batch. */
  addRanges(ranges: readonly BadRange[]): void {
    for (; this.#rangeCount < ranges.length; this.#rangeCount++) {
      const range = ranges[this.#rangeCount]
      this.#endRun()
      this.ranges.push({ ...range, position: this.sizeBytes })
      this.#pieces.push(range)
      this.sizeBytes += range.sizeBytes
    }
  }

  /** The bytes are borrowed. */
  addBatch(bytes: Uint8Array, at: number): void {
    const choice = this.#choice
    const isTouched = choice.mayDrop(baseOffsetOf(bytes, at), lastOffsetOf(bytes, at))
    const thinned = isTouched ? thinBatch(bytes, at, (record) => choice.keep(record)) : undefined
    const batch = thinned ?? bytes.slice(at, at + batchSizeOf(bytes, at))
    this.removed += recordCountOf(bytes, at) - recordCountOf(batch, 0)
    this.records += recordCountOf(batch, 0)
    if (!isBatchEmpty(batch, 0)) {
      this.#endRun()
      this.#add(batch)
      return
    }
    const joined = this.#empty === undefined ? undefined : joinEmptyBatches(this.#empty, batch)
    if (joined === undefined) this.#endRun()
    this.#empty = joined ?? batch
  }

  async flush(): Promise<void> {
    const pieces = this.#pieces
    this.#pieces = []
    let batches: Uint8Array[] = []
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) {
        batches.push(piece)
        continue
      }
      await this.#write(batches)
      batches = []
      await this.#copyRange(piece)
    }
    await this.#write(batches)
  }

  /** At the end. */
  finish(): Promise<void> {
    this.#endRun()
    return this.flush()
  }

  #endRun(): void {
    const empty = this.#empty
    this.#empty = undefined
    if (empty !== undefined) this.#add(empty)
  }

  #add(batch: Uint8Array): void {
    this.index.add(this.sizeBytes, lastOffsetOf(batch, 0), maxTimestampOf(batch, 0))
    this.#pieces.push(batch)
    this.sizeBytes += batch.length
  }

  async #write(batches: readonly Uint8Array[]): Promise<void> {
    if (batches.length === 0) return
    await this.#to.write(batches, this.#written)
    for (const { length } of batches) this.#written += length
  }

  async #copyRange({ position, sizeBytes }: BadRange): Promise<void> {
    for (let done = 0; done < sizeBytes; done += copyBytes) {
      const piece = new Uint8Array(Math.min(copyBytes, sizeBytes - done))
      await this.#from.read(piece, position + done)
      await this.#write([piece])
    }
  }
}
