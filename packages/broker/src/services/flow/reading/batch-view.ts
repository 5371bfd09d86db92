// One record batch, decoded once for all flow consumers of its partition: where each record and its key are.

import {
  baseOffsetOf,
  baseTimestampOf,
  lastOffsetOf,
  recordCountOf,
} from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'

const cursor = new RecordCursor()

/** Columns of one record in `#fields`; positions are in the bytes of the batch. */
const columns = 5
const recordStartColumn = 1
const recordEndColumn = 2
const keyStartColumn = 3
const keyEndColumn = 4

export class BatchView {
  readonly bytes: Uint8Array
  readonly baseOffset: number
  /** Offset after the batch. */
  readonly nextOffset: number
  /** Records that could be read; fewer than claimed where the batch is damaged inside. */
  readonly recordCount: number
  readonly #baseTimestamp: number
  /** Offset less `baseOffset`, and the columns above, for each record; offsets rise. */
  readonly #fields: Int32Array
  readonly #timestampDelta: Float64Array

  /** The bytes are borrowed for as long as the view is kept. */
  constructor(bytes: Uint8Array, at: number) {
    const claimed = recordCountOf(bytes, at)
    this.bytes = bytes
    this.baseOffset = baseOffsetOf(bytes, at)
    this.nextOffset = lastOffsetOf(bytes, at) + 1
    this.#baseTimestamp = baseTimestampOf(bytes, at)
    this.#fields = new Int32Array(claimed * columns)
    this.#timestampDelta = new Float64Array(claimed)
    this.recordCount = this.#decode(at)
  }

  offsetAt(index: number): number {
    return this.baseOffset + this.#fields[index * columns]!
  }

  timestampAt(index: number): number {
    return this.#baseTimestamp + this.#timestampDelta[index]!
  }

  recordStartAt(index: number): number {
    return this.#fields[index * columns + recordStartColumn]!
  }

  recordEndAt(index: number): number {
    return this.#fields[index * columns + recordEndColumn]!
  }

  keyStartAt(index: number): number {
    return this.#fields[index * columns + keyStartColumn]!
  }

  /** -1: the key is null. */
  keyEndAt(index: number): number {
    return this.#fields[index * columns + keyEndColumn]!
  }

  /** Index of the first record at or after an offset; `recordCount` where there is none. */
  indexFrom(offset: number): number {
    const delta = offset - this.baseOffset
    if (delta <= 0) return 0
    // Why first: without compaction, which thins batches out, the index is the delta.
    if (delta < this.recordCount && this.#fields[delta * columns] === delta) return delta
    let low = 0
    let high = this.recordCount
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#fields[middle * columns]! < delta) low = middle + 1
      else high = middle
    }
    return low
  }

  #decode(at: number): number {
    const fields = this.#fields
    cursor.open(this.bytes, at)
    let index = 0
    for (; cursor.next(); index++) {
      const row = index * columns
      fields[row] = cursor.offset - this.baseOffset
      fields[row + recordStartColumn] = cursor.recordStart
      fields[row + recordEndColumn] = cursor.recordEnd
      fields[row + keyStartColumn] = cursor.keyStart
      fields[row + keyEndColumn] = cursor.keyEnd
      this.#timestampDelta[index] = cursor.timestamp - this.#baseTimestamp
    }
    return index
  }
}

/** A record, by its batch and its index there. */
export interface LocatedRecord {
  readonly view: BatchView
  readonly index: number
}
