// What the operator hears of refused writes: the first at once, then one line for many. Why: publishers that
// try again make a full disk refuse a thousand groups a second, and the log may lie on the same disk.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Logger } from '../../base/logger.ts'
import type { Clock } from '../../io/io.ts'

const quietMs = 10_000

export class RefusalLines {
  readonly #logger: Logger
  readonly #clock: Clock
  #toldMs = -Infinity
  #untold = 0

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
  }

  /** What ends a log is told always: there is only one. */
  tell(why: BrokerError, offset: number): void {
    const nowMs = this.#clock.monotonicMs()
    if (why.isRetryable && nowMs - this.#toldMs < quietMs) {
      this.#untold++
      return
    }
    const untold = this.#untold === 0 ? {} : { untold: this.#untold }
    this.#logger.error({ error: why, offset, ...untold }, why.message)
    this.#toldMs = nowMs
    this.#untold = 0
  }
}
