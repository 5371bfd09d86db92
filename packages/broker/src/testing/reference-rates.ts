// How fast the pools of a flow consumer were delivered, and whether that was too fast: in every span of time
// at most `burst + perSecond * span`, as a token bucket lets through.

import type { RateGauge } from './reference-rules.ts'

/** Deliveries of one round share one reading of the clock. */
const slackMs = 0.6
/** Longer spans than these many deliveries say no more. */
const timesMax = 400

export class ReferenceRates {
  readonly #times = new Map<string, number[]>()

  /** One more delivery; answers with what is wrong with it. */
  delivered(gauges: readonly RateGauge[], nowMs: number): string | undefined {
    let fault: string | undefined
    for (const { key, rate } of gauges) {
      let times = this.#times.get(key)
      if (times === undefined) this.#times.set(key, (times = []))
      times.push(nowMs)
      if (times.length > timesMax) times.shift()
      fault ??= faultOf(times, rate, key)
    }
    return fault
  }

  /** Whether the bucket must have a token by now. */
  isSurelyOpen({ key, rate }: RateGauge, nowMs: number): boolean {
    const last = this.#times.get(key)?.at(-1) ?? -Infinity
    return nowMs - last > 1000 / rate.perSecond + slackMs
  }

  /** Buckets begin anew: with a new life of the broker, or of their rule. */
  forget(isKept: (key: string) => boolean): void {
    for (const key of this.#times.keys()) if (!isKept(key)) this.#times.delete(key)
  }
}

function faultOf(times: readonly number[], rate: RateGauge['rate'], key: string): string | undefined {
  const nowMs = times.at(-1)!
  for (let first = times.length - 1; first >= 0; first--) {
    const count = times.length - first
    const spanMs = nowMs - times[first]
    const most = rate.burst + (rate.perSecond * (spanMs + slackMs)) / 1000
    if (count > most + 1e-6)
      return `${count} within ${spanMs.toFixed(3)} ms, of at most ${most.toFixed(3)} by the rate of ${key}`
  }
  return undefined
}
