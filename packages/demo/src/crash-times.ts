// When the broker was killed, and how long it took until it served and delivered again.

import type { DemoEvent, Witness } from './events.ts'

export interface CrashReading {
  readonly killedAtMs: number
  /** From the start of the next broker until it serves: it reads its log and its progress. */
  readonly recoveryMs: number
  /** From the same start to the first delivery. */
  readonly firstDeliveryMs: number
}

export class CrashTimes implements Witness {
  #killedAtMs = Number.NaN
  #restartedAtMs = Number.NaN
  #recoveredAtMs = Number.NaN
  #firstDeliveryAtMs = Number.NaN

  see({ event, atMs }: DemoEvent): void {
    if (event === 'killed') this.#killedAtMs = atMs
    else if (event === 'restarted') this.#restartedAtMs = atMs
    else if (event === 'recovered') this.#recoveredAtMs = atMs
    else if (event === 'delivered' && atMs >= this.#restartedAtMs) this.#firstDeliveryAtMs ||= atMs
  }

  /** NaN where it has not happened. */
  read(): CrashReading {
    return {
      killedAtMs: this.#killedAtMs,
      recoveryMs: this.#recoveredAtMs - this.#restartedAtMs,
      firstDeliveryMs: this.#firstDeliveryAtMs - this.#restartedAtMs,
    }
  }
}
