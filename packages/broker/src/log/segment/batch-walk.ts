// Finds the batches that answer a read within bytes of a segment. Pure: the reader brings the bytes.
// Every batch that is stepped over or taken is checked: shape, that it follows the one before, and checksum,
// this one unless the reader says that it has been.

import {
  batchHeaderBytes,
  batchSizeOf,
  lastOffsetOf,
  maxTimestampOf,
  baseOffsetOf,
} from '@sluice/protocol/record/record-batch'
import { isBatchWhole, isHeaderPlausible, nextOffsetOf } from './stored-batch.ts'

export interface WalkGoal {
  /** The first batch taken is the first that ends above this offset… */
  readonly offset: number
  /** …and whose largest timestamp is not below this one. */
  readonly timeMs: number
  /** What is taken is not larger, but for a first batch that is. */
  readonly bytesMax: number
}

/** State of a walk; positions are in the bytes given to `step`. */
export class BatchWalk {
  /** Where the next batch begins. */
  at = 0
  /** Base offset that the next batch must have; -1 when only `expectedLast` is known. */
  expected: number
  readonly #expectedLast: number
  readonly #goal: WalkGoal
  #trustedStart = 0
  #trustedEnd = 0
  /** Where the taken batches begin, or -1. */
  start = -1
  /** Bytes that the batch at `at` needs, when `step` says `more`. */
  needed = 0

  /** The first batch begins with `expected`, or ends with `expectedLast` where `expected` is -1. */
  constructor(goal: WalkGoal, expected: number, expectedLast: number) {
    this.#goal = goal
    this.expected = expected
    this.#expectedLast = expectedLast
  }

  /** In the bytes of the next step: checksums between these are known to be right. */
  trust(start: number, end: number): void {
    this.#trustedStart = start
    this.#trustedEnd = end
  }

  /**
   * Walks over `bytes[at, end)`; `isLast`: nothing of this run of batches comes after `end`.
   * `done`: batches are taken, or the run is over; `more`: `needed` bytes from `at` on; `damaged`: at `at`.
   */
  step(bytes: Uint8Array, end: number, isLast: boolean): 'done' | 'more' | 'damaged' {
    while (this.at < end) {
      const room = end - this.at
      const whatIsMissing = this.#whatIsMissing(bytes, room)
      if (whatIsMissing === 'damaged' || (whatIsMissing === 'more' && isLast)) return this.#stop('damaged')
      if (whatIsMissing === 'more') return this.#stop('more')
      if (!this.#isTrusted() && !isBatchWhole(bytes, this.at, end)) return this.#stop('damaged')
      if (!this.#follows(bytes)) return this.#stop('damaged')
      if (!this.#take(bytes)) return 'done'
    }
    this.needed = batchHeaderBytes
    return isLast ? 'done' : this.#stop('more')
  }

  #whatIsMissing(bytes: Uint8Array, room: number): 'nothing' | 'more' | 'damaged' {
    this.needed = batchHeaderBytes
    if (room < batchHeaderBytes) return 'more'
    if (!isHeaderPlausible(bytes, this.at)) return 'damaged'
    this.needed = batchSizeOf(bytes, this.at)
    return this.needed > room ? 'more' : 'nothing'
  }

  /** `needed` is the size of the batch. */
  #isTrusted(): boolean {
    return this.at >= this.#trustedStart && this.at + this.needed <= this.#trustedEnd
  }

  #follows(bytes: Uint8Array): boolean {
    if (this.expected >= 0) return baseOffsetOf(bytes, this.at) === this.expected
    return lastOffsetOf(bytes, this.at) === this.#expectedLast
  }

  /** Steps over the batch; false if what is taken is full before it. */
  #take(bytes: Uint8Array): boolean {
    const { offset, timeMs, bytesMax } = this.#goal
    const next = nextOffsetOf(bytes, this.at)
    const size = batchSizeOf(bytes, this.at)
    if (this.start < 0) {
      if (next > offset && maxTimestampOf(bytes, this.at) >= timeMs) this.start = this.at
    } else if (this.at + size - this.start > bytesMax) return false
    this.at += size
    this.expected = next
    return true
  }

  /** What was taken before a place of doubt is good: the doubt is for the next read. */
  #stop(why: 'more' | 'damaged'): 'done' | 'more' | 'damaged' {
    return this.start >= 0 ? 'done' : why
  }
}
