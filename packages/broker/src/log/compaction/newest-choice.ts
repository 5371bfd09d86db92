// Which records of a segment a compaction takes out: those that have a newer one of the same key, and those
// without a value that have stood long enough. What has no key stays.

import type { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { RecordChoice } from '../removal/thinned-copy.ts'
import type { OffsetMap } from './offset-map.ts'

/** What one walk over the keys has learned. */
export interface NewestOffsets {
  readonly map: OffsetMap
  /** Nothing is known of records from here on. */
  readonly end: number
  /** Records without a value below this offset go. */
  readonly tombstonesBelow: number
  /** Those from here on are counted where they stay. */
  readonly countedFrom: number
}

export class NewestChoice implements RecordChoice {
  /** Offsets of what is not kept; they rise. */
  readonly dropped: number[] = []
  /** Records without a value that stay. */
  tombstones = 0
  readonly #newest: NewestOffsets

  constructor(newest: NewestOffsets) {
    this.#newest = newest
  }

  mayDrop(baseOffset: number): boolean {
    return baseOffset < this.#newest.end
  }

  keep(record: RecordCursor): boolean {
    const isKept = this.#isKept(record)
    if (!isKept) this.dropped.push(record.offset)
    return isKept
  }

  #isKept({ bytes, offset, keyStart, keyEnd, valueEnd }: RecordCursor): boolean {
    const { map, end, tombstonesBelow, countedFrom } = this.#newest
    if (offset >= end || keyEnd < 0) return true
    if (map.find(bytes, keyStart, keyEnd) > offset) return false
    if (valueEnd >= 0) return true
    if (offset < tombstonesBelow) return false
    if (offset >= countedFrom) this.tombstones++
    return true
  }
}
