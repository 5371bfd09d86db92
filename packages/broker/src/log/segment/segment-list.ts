// The segments of a log in order of their offsets, and where among them the log begins. The last one is the
// active one.

import type { Segment } from './segment.ts'

export class SegmentList {
  #segments: Segment[]
  /** What lies below is not served, even where the first segment holds it. */
  #logStart: number

  constructor(segments: readonly Segment[], logStart: number) {
    this.#segments = [...segments]
    this.#logStart = logStart
  }

  get logStart(): number {
    return Math.max(this.#logStart, this.first.startOffset)
  }

  /** What lies below was removed; what is missing above it was lost. */
  get removedBelow(): number {
    return this.#logStart
  }

  get all(): readonly Segment[] {
    return this.#segments
  }

  get first(): Segment {
    return this.#segments[0]
  }

  get active(): Segment {
    return this.#segments[this.#segments.length - 1]
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  add(segment: Segment): void {
    this.#segments.push(segment)
  }

  /** The last one that begins at or before the offset; the first one for what lies before all. */
  find(offset: number): Segment {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#segments[middle].startOffset <= offset) low = middle + 1
      else high = middle
    }
    return this.#segments[Math.max(low - 1, 0)]
  }

  /**
   * The one that follows, also after one that was dropped meanwhile; where it was merged with the ones behind
   * it, the one that it is part of.
   */
  after({ baseOffset, endOffset }: Segment): Segment | undefined {
    return this.#segments.find((one) => one.baseOffset > baseOffset || one.endOffset > endOffset)
  }

  /** Those that end at or below the offset; never the active one. */
  below(offset: number): readonly Segment[] {
    let count = 0
    while (count < this.#segments.length - 1 && this.#segments[count].endOffset <= offset) count++
    return this.#segments.slice(0, count)
  }

  /** The log begins at `logStart` from now on; the first segments, which lie below, are taken out. */
  drop(dropped: readonly Segment[], logStart: number): void {
    this.#segments = this.#segments.slice(dropped.length)
    this.#logStart = logStart
  }

  /** Another file has taken the place of those of the segments, which follow each other. */
  replace(group: readonly Segment[], replacement: Segment): void {
    this.#segments = this.#segments.toSpliced(this.#segments.indexOf(group[0]), group.length, replacement)
  }
}
