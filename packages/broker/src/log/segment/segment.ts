// One file of batches back to back, as the log knows it: what is durable in it, and what in it is not
// to be trusted.

import type { QuarantinedRange, QuarantineReason } from '../quarantined-range.ts'
import { segmentPath } from './segment-names.ts'

/** A quarantined range within a known segment. A size of 0 means: at this place records are missing. */
export interface BadRange {
  readonly position: number
  readonly sizeBytes: number
  readonly baseOffset: number
  readonly nextOffset: number
  readonly reason: QuarantineReason
}

export class Segment {
  readonly directory: string
  /** What the file is named after, and what index entries count from. */
  readonly baseOffset: number
  /** First offset that is served from here: larger where the file begins with records of the one before. */
  readonly startOffset: number
  /** Bytes that may be read. */
  sizeBytes: number
  /** The offset after the last that was stored here, readable or not. */
  endOffset: number
  /** Another file is about to take the place of this one: nothing is written down of it any more. */
  isBeingReplaced = false
  /** In order of position, not overlapping. */
  ranges: readonly BadRange[] = []
  /** One run of batches whose checksums were right when this process read them. */
  #checkedStart = 0
  #checkedEnd = 0

  constructor(directory: string, baseOffset: number, startOffset: number = baseOffset) {
    this.directory = directory
    this.baseOffset = baseOffset
    this.startOffset = startOffset
    this.sizeBytes = 0
    this.endOffset = startOffset
  }

  get path(): string {
    return segmentPath(this.directory, this.baseOffset, 'log')
  }

  get checkedStart(): number {
    return this.#checkedStart
  }

  get checkedEnd(): number {
    return this.#checkedEnd
  }

  /** Every batch in between was checked. Of runs that do not touch, the longest is remembered. */
  noteChecked(start: number, end: number): void {
    const isTouching = start <= this.#checkedEnd && end >= this.#checkedStart
    if (!isTouching && end - start <= this.#checkedEnd - this.#checkedStart) return
    this.#checkedStart = isTouching ? Math.min(start, this.#checkedStart) : start
    this.#checkedEnd = isTouching ? Math.max(end, this.#checkedEnd) : end
  }

  /** Something in it is not as it was. */
  forgetChecked(): void {
    this.#checkedStart = 0
    this.#checkedEnd = 0
  }

  get quarantined(): QuarantinedRange[] {
    return this.ranges.map((range) => ({ file: this.path, ...range }))
  }

  /** The range that begins at the position or contains it. */
  rangeAt(position: number): BadRange | undefined {
    return this.ranges.find(
      (range) => range.position === position || (range.position < position && position < endOf(range)),
    )
  }

  /** Where the next range begins, or the end of the segment. */
  limitAfter(position: number): number {
    const next = this.ranges.find((range) => range.position > position)
    return Math.min(next?.position ?? this.sizeBytes, this.sizeBytes)
  }
}

export function endOf(range: BadRange): number {
  return range.position + range.sizeBytes
}
