// How often shards have ended of late: how long to wait before the next start, and when to give up.

import type { Clock } from './io/io.ts'

const windowMs = 60_000
const crashesMax = 5
const backoffMsMin = 50

export class CrashWindow {
  readonly #clock: Clock
  readonly #times: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(): void {
    this.#times.push(this.#clock.monotonicMs())
  }

  /** Within the last minute. */
  get count(): number {
    const since = this.#clock.monotonicMs() - windowMs
    while (this.#times.length > 0 && this.#times[0]! <= since) this.#times.shift()
    return this.#times.length
  }

  get isLoop(): boolean {
    return this.count >= crashesMax
  }

  /** Doubles with each. */
  get backoffMs(): number {
    return backoffMsMin * 2 ** Math.max(0, this.count - 1)
  }
}
