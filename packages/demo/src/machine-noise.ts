// How late a bare timer of this process fires: what the machine adds to every delay, with any broker or none.
//
// Weighed by time: who comes at any moment while the process stands still waits for the rest of the pause.

import { percentile } from './claims/percentile.ts'
import type { DemoEvent, Phase, Witness } from './events.ts'

const everyMs = 2

export interface NoiseReading {
  readonly calmP99Ms: number
  readonly hotP99Ms: number
}

export class MachineNoise implements Witness {
  /** For every millisecond of a phase, how long whoever came in it had to wait. */
  readonly #waits: Partial<Record<Phase, number[]>> = {}
  #phase: Phase = 'warm-up'
  #timer: NodeJS.Timeout | undefined

  start(): void {
    let lastMs = performance.now()
    this.#timer = setInterval(() => {
      const nowMs = performance.now()
      this.#passed(nowMs - lastMs)
      lastMs = nowMs
    }, everyMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  see(event: DemoEvent): void {
    if (event.event === 'phase') this.#phase = event.phase
  }

  /** NaN where nothing was measured. */
  read(): NoiseReading {
    const { calm = [], hot = [] } = this.#waits
    return { calmP99Ms: percentile(calm, 0.99), hotP99Ms: percentile(hot, 0.99) }
  }

  #passed(ms: number): void {
    const waits = (this.#waits[this.#phase] ??= [])
    for (let left = ms; left > 0; left--) waits.push(Math.min(left, Math.max(0, ms - everyMs)))
  }
}
