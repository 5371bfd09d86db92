// One record batch, decoded once for all flow consumers of its partition: where each record and its key
// stand.

import { baseOffsetOf, batchSizeOf, lastOffsetOf, recordCountOf } from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'

const cursor = new RecordCursor()

export class BatchView {
  readonly bytes: Uint8Array
  readonly sizeBytes: number
  readonly baseOffset: number
  /** Offset after the batch. */
  readonly nextOffset: number
  /** Records that could be read; fewer than claimed where the batch is damaged inside. */
  readonly recordCount: number
  /** Offsets less `baseOffset`, rising. */
  readonly offsetDelta: Int32Array
  readonly timestamp: Float64Array
  readonly recordStart: Int32Array
  readonly recordEnd: Int32Array
  readonly keyStart: Int32Array
  /** -1: the key is null. */
  readonly keyEnd: Int32Array

  /** The bytes are borrowed for as long as the view is kept. */
  constructor(bytes: Uint8Array, at: number) {
    const claimed = recordCountOf(bytes, at)
    this.bytes = bytes
    this.sizeBytes = batchSizeOf(bytes, at)
    this.baseOffset = baseOffsetOf(bytes, at)
    this.nextOffset = lastOffsetOf(bytes, at) + 1
    this.offsetDelta = new Int32Array(claimed)
    this.timestamp = new Float64Array(claimed)
    this.recordStart = new Int32Array(claimed)
    this.recordEnd = new Int32Array(claimed)
    this.keyStart = new Int32Array(claimed)
    this.keyEnd = new Int32Array(claimed)
    this.recordCount = this.#decode(at)
  }

  /** Index of the first record at or after an offset; `recordCount` where there is none. */
  indexFrom(offset: number): number {
    const delta = offset - this.baseOffset
    if (delta <= 0) return 0
    // Why first: without compaction, which thins batches out, the index is the delta.
    if (this.offsetDelta[delta] === delta) return delta
    let low = 0
    let high = this.recordCount
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.offsetDelta[middle]! < delta) low = middle + 1
      else high = middle
    }
    return low
  }

  offsetAt(index: number): number {
    return this.baseOffset + this.offsetDelta[index]!
  }

  #decode(at: number): number {
    cursor.open(this.bytes, at)
    let index = 0
    while (cursor.next()) {
      this.offsetDelta[index] = cursor.offset - this.baseOffset
      this.timestamp[index] = cursor.timestamp
      this.recordStart[index] = cursor.recordStart
      this.recordEnd[index] = cursor.recordEnd
      this.keyStart[index] = cursor.keyStart
      this.keyEnd[index] = cursor.keyEnd
      index++
    }
    return index
  }
}
