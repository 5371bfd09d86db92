// What the operator hears of connections that are given up: each by itself while they are few, and of a flood
// how many more there were. Why: who can open a connection must not be able to fill the log. Must never hide
// that there were any.

import type { Logger } from '../../base/logger.ts'
import type { Clock } from '../../io/io.ts'

const periodMs = 10_000
/** Lines of one period. */
const linesMax = 50

export class GivenUpLines {
  readonly #logger: Logger
  readonly #clock: Clock
  #sinceMs = -Infinity
  #lines = 0
  #untold = 0

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
  }

  tell(fields: object): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#sinceMs >= periodMs) this.#begin(nowMs)
    if (this.#lines >= linesMax) {
      this.#untold++
      return
    }
    this.#lines++
    const last = this.#lines === linesMax ? { more: `counted for ${periodMs / 1000} s` } : {}
    this.#logger.warn({ ...fields, ...last }, 'connection given up')
  }

  #begin(nowMs: number): void {
    if (this.#untold > 0) this.#logger.warn({ connections: this.#untold }, 'more connections were given up')
    this.#sinceMs = nowMs
    this.#lines = this.#untold = 0
  }
}
