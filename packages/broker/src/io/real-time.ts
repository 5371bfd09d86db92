// The clock, timers and randomness of the machine.

import { randomFillSync } from 'node:crypto'
import type { Clock, Random, Timer, Timers } from './io.ts'

/** The longest delay that setTimeout takes; it fires at once on a longer one. */
const timeoutMsMax = 2 ** 31 - 1

export const realClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}

export const realTimers: Timers = {
  after: (delayMs, callback) => new RealTimer(delayMs, callback),
  soon: (callback) => {
    setImmediate(callback)
  },
}

class RealTimer implements Timer {
  readonly #dueMs: number
  readonly #callback: () => void
  #timeout: NodeJS.Timeout | undefined

  constructor(delayMs: number, callback: () => void) {
    this.#dueMs = performance.now() + delayMs
    this.#callback = callback
    this.#arm(delayMs)
  }

  cancel(): void {
    clearTimeout(this.#timeout)
    this.#timeout = undefined
  }

  #arm(delayMs: number): void {
    this.#timeout = setTimeout(() => this.#fire(), Math.min(Math.ceil(delayMs), timeoutMsMax)).unref()
  }

  // Why look at the clock again: setTimeout counts whole milliseconds and may fire up to one early, and a
  // delay of more than 24 days takes several rounds.
  #fire(): void {
    const remainingMs = this.#dueMs - performance.now()
    if (remainingMs > 0) this.#arm(remainingMs)
    else {
      this.#timeout = undefined
      this.#callback()
    }
  }
}

/** Random bytes of the kernel, fetched many at a time. */
export function realRandom(): Random {
  const pool = new Uint32Array(256)
  let next = pool.length
  return {
    u32: (): number => {
      if (next === pool.length) {
        randomFillSync(pool)
        next = 0
      }
      const value = pool[next]
      next += 1
      return value
    },
  }
}
