// The sparse lookups of one segment in memory: where an offset stands, and from where on a time may occur.
// An entry is made every so many bytes; both lists always have the same count of entries. Must never be
// trusted blindly: it may come from a file without checksums, so a reader compares what it finds.

import { batchHeaderBytes } from '@sluice/protocol/record/record-batch'

/** Where to begin reading. `lastOffset` is of the batch at `position`; -1 at the start of the segment. */
export interface IndexPlace {
  readonly position: number
  readonly lastOffset: number
}

export interface TimeEntry {
  readonly timestamp: number
  /** Last offset of the first batch that has the timestamp. */
  readonly offset: number
  /** Last offset of the batch that the entry was made for. */
  readonly lastOffset: number
}

/** The columns as they are stored; entry `i` of each belongs together. */
export interface IndexColumns {
  /** Last offset of the batch at the position; growing. */
  readonly offsets: number[]
  readonly positions: number[]
  /** Largest timestamp up to here; never falling. */
  readonly times: number[]
  /** Last offset of the first batch that has that timestamp. */
  readonly timeOffsets: number[]
}

export class SegmentIndex {
  readonly #intervalBytes: number
  readonly #columns: IndexColumns
  #maxTimestamp = Number.MIN_SAFE_INTEGER
  #maxTimestampOffset = -1
  #lastPosition = -1
  #lastOffset = -1
  /** From here on the next batch gets an entry. */
  #nextEntryPosition = 0

  constructor(intervalBytes: number, columns: IndexColumns = emptyColumns()) {
    this.#intervalBytes = Math.max(intervalBytes, batchHeaderBytes)
    this.#columns = columns
    const last = columns.offsets.length - 1
    if (last < 0) return
    this.#maxTimestamp = columns.times[last]
    this.#maxTimestampOffset = columns.timeOffsets[last]
    this.#lastPosition = columns.positions[last]
    this.#lastOffset = columns.offsets[last]
    this.#nextEntryPosition = this.#lastPosition + this.#intervalBytes
  }

  get columns(): IndexColumns {
    return this.#columns
  }

  get count(): number {
    return this.#columns.offsets.length
  }

  /** Of all batches that were added; where there is none, below any time. */
  get maxTimestamp(): number {
    return this.#maxTimestamp
  }

  /** Last offset of the first batch that has it, or -1. */
  get maxTimestampOffset(): number {
    return this.#maxTimestampOffset
  }

  /** Tells of the next batch of the segment. */
  add(position: number, lastOffset: number, maxTimestamp: number): void {
    const timestamp = indexedTime(maxTimestamp)
    if (timestamp > this.#maxTimestamp) {
      this.#maxTimestamp = timestamp
      this.#maxTimestampOffset = lastOffset
    }
    this.#lastPosition = position
    this.#lastOffset = lastOffset
    if (position >= this.#nextEntryPosition) this.#push()
  }

  /** Makes sure that the last batch has an entry: by that a stored index is known to be whole. */
  seal(): void {
    const { positions } = this.#columns
    if (this.#lastPosition >= 0 && positions.at(-1) !== this.#lastPosition) this.#push()
  }

  /** At or before the batch that contains the offset. */
  placeOf(offset: number): IndexPlace {
    const { offsets, positions } = this.#columns
    const found = lastBelow(offsets, offset + 1)
    return found < 0 ? segmentStart : { position: positions[found], lastOffset: offsets[found] }
  }

  /** The last entry below the time, or undefined: no batch up to `lastOffset` reaches the time. */
  timeBefore(timeMs: number): TimeEntry | undefined {
    const { offsets, times, timeOffsets } = this.#columns
    const found = lastBelow(times, timeMs)
    if (found < 0) return undefined
    return { timestamp: times[found], offset: timeOffsets[found], lastOffset: offsets[found] }
  }

  #push(): void {
    const { offsets, positions, times, timeOffsets } = this.#columns
    offsets.push(this.#lastOffset)
    positions.push(this.#lastPosition)
    times.push(this.#maxTimestamp)
    timeOffsets.push(this.#maxTimestampOffset)
    this.#nextEntryPosition = this.#lastPosition + this.#intervalBytes
  }
}

const segmentStart: IndexPlace = { position: 0, lastOffset: -1 }

export function emptyColumns(): IndexColumns {
  return { offsets: [], positions: [], times: [], timeOffsets: [] }
}

/** A timestamp as the index keeps it: clients may send any 64 bits. */
export function indexedTime(timestamp: number): number {
  return Math.min(Math.max(timestamp, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}

/** The last place of a sorted list with a value below the limit, or -1. */
function lastBelow(values: readonly number[], limit: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle] < limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
