// One timer for whatever of a flow consumer is due next: a deadline, or the end of a delay.
//
// A time that is noticed late says that this process stood still, suspended or busy. What members sent
// meanwhile may not have been read yet; so no deadline is held against them until it has been.

import type { Timer, Timers } from '../../io/io.ts'

/** So late means stood still; and how long members are given to be heard then. */
const stallMs = 250
const graceMs = 500

export class DueTimer {
  readonly #timers: Timers
  readonly #fired: () => void
  #timer: Timer | undefined
  #dueMs = Infinity
  #graceUntilMs = 0

  constructor(timers: Timers, fired: () => void) {
    this.#timers = timers
    this.#fired = fired
  }

  /** To be asked at the start of a round: whether deadlines that have passed count. */
  areDeadlinesKept(nowMs: number): boolean {
    if (nowMs - this.#dueMs > stallMs) this.#graceUntilMs = nowMs + graceMs
    return nowMs >= this.#graceUntilMs
  }

  /** To be called at the end of a round, with the next deadline and the end of the next delay. */
  arm(nowMs: number, deadlineMs: number, delayMs: number): void {
    const dueMs = Math.min(delayMs, Math.max(deadlineMs, this.#graceUntilMs))
    // Why one that fires too early is left: deadlines move with every settle, and it only looks again.
    if (this.#dueMs > nowMs && this.#dueMs <= dueMs) return
    this.cancel()
    // Why not earlier: what is due for long is no sign of a stall where a round takes a part of it.
    this.#dueMs = Math.max(dueMs, nowMs)
    if (dueMs < Infinity) this.#timer = this.#timers.after(Math.max(0, dueMs - nowMs), this.#fired)
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#dueMs = Infinity
  }
}
