// The configurations of one flow consumer that may be in force: one, or several while an alteration is under
// way; and every filter that it ever had.

import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import { gaugesOf, isWanted, limitOf, ratesOf } from './reference-rules.ts'
import type { Gauge, RateGauge } from './reference-rules.ts'

interface FilterInForce {
  readonly filter: readonly string[]
  /** When the next one was confirmed. */
  endMs: number
}

export class ConfigsInForce {
  #possible: readonly ConsumerConfig[]
  #filters: FilterInForce[]
  readonly #limits = new Map<string, { max: number; isStrict: boolean }>()
  readonly #gauges = new Map<ConsumerConfig, Map<string, readonly Gauge[]>>()

  constructor(config: ConsumerConfig) {
    this.#possible = [config]
    this.#filters = [{ filter: config.filter, endMs: Infinity }]
  }

  get newest(): ConsumerConfig {
    return this.#possible.at(-1)!
  }

  get possible(): readonly ConsumerConfig[] {
    return this.#possible
  }

  /** An alteration was asked for: both hold until it is confirmed. */
  asked(config: ConsumerConfig): void {
    this.#possible = [...this.#possible, config]
    this.#filters.push({ filter: config.filter, endMs: Infinity })
    this.#limits.clear()
  }

  confirmed(config: ConsumerConfig, nowMs: number): void {
    this.#possible = [config]
    for (const entry of this.#filters.slice(0, -1)) entry.endMs = Math.min(entry.endMs, nowMs)
    this.#limits.clear()
    this.#gauges.clear()
  }

  /** The largest limit that may hold, and whether it can be nothing but 1. */
  limits(subject: string): { max: number; isStrict: boolean } {
    let limits = this.#limits.get(subject)
    if (limits === undefined) {
      const all = this.#possible.map(({ rules }) => limitOf(rules, subject))
      limits = { max: Math.max(...all), isStrict: all.every((limit) => limit === 1) }
      this.#limits.set(subject, limits)
    }
    return limits
  }

  gauges(config: ConsumerConfig, subject: string): readonly Gauge[] {
    let bySubject = this.#gauges.get(config)
    if (bySubject === undefined) this.#gauges.set(config, (bySubject = new Map()))
    let gauges = bySubject.get(subject)
    if (gauges === undefined) bySubject.set(subject, (gauges = gaugesOf(config, subject)))
    return gauges
  }

  /** The rates that hold whichever configuration does. */
  sureRates(subject: string): readonly RateGauge[] {
    const [first, ...others] = this.#possible.map((config) => ratesOf(config, subject))
    return first.filter(({ key }) => others.every((rates) => rates.some((rate) => rate.key === key)))
  }

  mayWant(subject: string): boolean {
    return this.#possible.some(({ filter }) => isWanted(filter, subject))
  }

  surelyWants(subject: string): boolean {
    return this.#possible.every(({ filter }) => isWanted(filter, subject))
  }

  /** What a filter has passed over stays so: whether none can have passed over what was sent then. */
  hasAlwaysWanted(subject: string, sentMs: number): boolean {
    return this.#filters.every(({ filter, endMs }) => endMs < sentMs || isWanted(filter, subject))
  }
}
