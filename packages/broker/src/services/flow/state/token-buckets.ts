// Token buckets, one for each row of a gate table that is a rate: full after a quiet time, and refilled by
// one token in every interval. What is kept is not the tokens but when the bucket is full again, so that
// time alone refills it. Must never let a record pass early.

import { resized } from './columns.ts'
import { TimeHeap } from './time-heap.ts'

const none = -1

export class TokenBuckets {
  /** How late it is, as of the round that runs. */
  nowMs = 0
  /** Of a bucket that is waited for: the time at which it is looked at next; gates.ts sets it. */
  timedMs = new Float64Array(0)
  #fullAtMs = new Float64Array(0)
  /** Buckets that nobody has any more, by when they are full. */
  readonly #idle = new TimeHeap()

  isFull(row: number): boolean {
    return this.#fullAtMs[row]! <= this.nowMs
  }

  /** When there is a token and `spare` more. */
  dueMs(row: number, spare: number, intervalMs: number): number {
    return this.#fullAtMs[row]! - spare * intervalMs
  }

  take(row: number, intervalMs: number): void {
    this.#fullAtMs[row] = Math.max(this.#fullAtMs[row]!, this.nowMs) + intervalMs
  }

  /** Its rate was altered. Why: time that a slower one has booked far ahead is not owed to a faster one. */
  cap(row: number, fullInMs: number): void {
    this.#fullAtMs[row] = Math.min(this.#fullAtMs[row]!, this.nowMs + fullInMs)
  }

  reset(row: number): void {
    this.#fullAtMs[row] = this.timedMs[row] = 0
  }

  /** Nobody has the bucket; it is to be kept until it is full. */
  leaveIdle(row: number): void {
    this.#idle.add(this.#fullAtMs[row]!, row)
  }

  get idleCount(): number {
    return this.#idle.count
  }

  /** A bucket that was left idle and was to be full by now; -1: there is none. */
  takeIdle(): number {
    return this.#idle.nextDueMs <= this.nowMs ? this.#idle.take() : none
  }

  resize(size: number): void {
    this.timedMs = resized(this.timedMs, new Float64Array(size))
    this.#fullAtMs = resized(this.#fullAtMs, new Float64Array(size))
  }
}
