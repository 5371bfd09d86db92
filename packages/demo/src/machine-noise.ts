// How late a plain timer of this process fires: what the machine adds to every delay, whatever the
// broker does.

import { percentile } from './claims/percentile.ts'
import type { DemoEvent, Phase, Witness } from './events.ts'

const everyMs = 10

export interface NoiseReading {
  readonly calmP99Ms: number
  readonly hotP99Ms: number
}

export class MachineNoise implements Witness {
  readonly #lateMs: Partial<Record<Phase, number[]>> = {}
  #phase: Phase = 'warm-up'
  #timer: NodeJS.Timeout | undefined

  start(): void {
    let lastMs = performance.now()
    this.#timer = setInterval(() => {
      const nowMs = performance.now()
      this.#late(Math.max(0, nowMs - lastMs - everyMs))
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
    const { calm = [], hot = [] } = this.#lateMs
    return { calmP99Ms: percentile(calm, 0.99), hotP99Ms: percentile(hot, 0.99) }
  }

  #late(ms: number): void {
    const lateMs = (this.#lateMs[this.#phase] ??= [])
    lateMs.push(ms)
  }
}
