// What all groups of a node keep in memory, bounded: whoever reaches the door can begin groups, join them and
// commit. Measured now and then, and counted up in between, so that no change of a group has to be counted.

import type { Clock } from '../../io/io.ts'

const bytesMax = 512 * 1024 * 1024
const measureEveryMs = 1000

export class GroupMemory {
  readonly #clock: Clock
  readonly #measure: () => number
  #usedBytes = 0
  #measuredMs = -Infinity

  constructor(clock: Clock, measure: () => number) {
    this.#clock = clock
    this.#measure = measure
  }

  /** Whether there is room for so much more; then it counts as taken. */
  takes(bytes: number): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#measuredMs >= measureEveryMs) {
      this.#usedBytes = this.#measure()
      this.#measuredMs = nowMs
    }
    if (this.#usedBytes + bytes > bytesMax) return false
    this.#usedBytes += bytes
    return true
  }
}
