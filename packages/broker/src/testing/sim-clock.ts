// The wall clock of one simulated machine: it can jump, stand still, and run too fast or too slow.

import type { Clock } from '../io/io.ts'
import type { SimScheduler } from './sim-scheduler.ts'

/** Where every run begins: 2026-01-01, UTC. */
export const simEpochMs: number = Date.UTC(2026, 0, 1)

export class SimClock {
  readonly #scheduler: SimScheduler
  #wallMs = simEpochMs
  #readAtMs = 0
  #rate = 1

  constructor(scheduler: SimScheduler) {
    this.#scheduler = scheduler
  }

  wallMs(): number {
    return Math.floor(this.#exactMs())
  }

  /** Forward or back, as an operator or NTP sets a clock. */
  jumpWall(byMs: number): void {
    this.#wallMs = this.#exactMs() + byMs
    this.#readAtMs = this.#scheduler.nowMs
  }

  /** 1 is right, 0 stands still, 1.001 gains a millisecond per second. */
  setRate(rate: number): void {
    this.jumpWall(0)
    this.#rate = rate
  }

  /**
   * What a process on this machine sees. Only its differences mean something, so each process
   * has another start.
   */
  forProcess(monotonicStartMs: number): Clock {
    const startedAtMs = this.#scheduler.nowMs
    return {
      wallMs: () => this.wallMs(),
      monotonicMs: () => monotonicStartMs + (this.#scheduler.nowMs - startedAtMs),
    }
  }

  #exactMs(): number {
    return this.#wallMs + (this.#scheduler.nowMs - this.#readAtMs) * this.#rate
  }
}
