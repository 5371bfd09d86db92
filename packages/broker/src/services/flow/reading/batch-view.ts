// One record batch, decoded once for all flow consumers of its partition: where each record and its key are.

import {
  baseOffsetOf,
  baseTimestampOf,
  lastOffsetOf,
  recordCountOf,
} from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'

const cursor = new RecordCursor()
const noBytes = new Uint8Array(0)

/** Columns of one record in `#fields`; positions are in the bytes of the batch. */
const columns = 5
const recordStartColumn = 1
const recordEndColumn = 2
const keyStartColumn = 3
const keyEndColumn = 4

export class BatchView {
  /** Where the records are: the bytes it was made of, or its own where those were compressed. */
  readonly bytes: Uint8Array
  /** Of the bytes that are its own; 0 where they are those it was made of. */
  readonly ownBytes: number
  readonly baseOffset: number
  /** Offset after the batch. */
  readonly nextOffset: number
  /** Records that could be read; fewer than claimed where the batch is damaged inside. */
  readonly recordCount: number
  readonly #baseTimestamp: number
  /** Offset less `baseOffset`, and the columns above, for each record; offsets rise. */
  readonly #fields: Int32Array
  readonly #timestampDelta: Float64Array

  /** The bytes are borrowed for as long as the view is kept. A compressed batch is decompressed here. */
  constructor(bytes: Uint8Array, at: number) {
    cursor.open(bytes, at)
    this.bytes = cursor.bytes
    this.ownBytes = cursor.bytes === bytes ? 0 : cursor.bytes.length
    this.baseOffset = baseOffsetOf(bytes, at)
    this.nextOffset = lastOffsetOf(bytes, at) + 1
    this.#baseTimestamp = baseTimestampOf(bytes, at)
    const claimed = Math.min(recordCountOf(bytes, at), cursor.bytes.length)
    this.#fields = new Int32Array(claimed * columns)
    this.#timestampDelta = new Float64Array(claimed)
    this.recordCount = this.#decode()
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

  /** The cursor has just been opened. */
  #decode(): number {
    const fields = this.#fields
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
    // Why let go: it would keep the bytes of a batch that nobody wants any more.
    cursor.bytes = noBytes
    return index
  }
}

/** A record, by its batch and its index there. */
export interface LocatedRecord {
  readonly view: BatchView
  readonly index: number
}
