// How many records of a subject may be in flight, written down a second time, as the specification says it:
// a literal rule wins, else the smallest limit of those that match, else there is none.

import type { ConsumerConfig, FlowRule } from '@sluice/protocol/model/consumer'
import { matchesTokens, parsePattern } from '@sluice/protocol/subject/pattern'

export function limitOf(rules: readonly FlowRule[], subject: string): number {
  const literal = rules.find(({ match }) => match === subject)
  if (literal !== undefined) return literal.limit
  return Math.min(Infinity, ...rules.filter(({ match }) => isMatch(match, subject)).map(({ limit }) => limit))
}

export function isWanted(filter: readonly string[], subject: string): boolean {
  return filter.some((pattern) => isMatch(pattern, subject))
}

function isMatch(pattern: string, subject: string): boolean {
  return matchesTokens(parsePattern(pattern), subject.split('.'))
}

/** The configurations that may be in force: one, or several while an alteration is under way. */
export class ConfigsInForce {
  #possible: readonly ConsumerConfig[]
  readonly #limits = new Map<string, { max: number; isStrict: boolean }>()

  constructor(config: ConsumerConfig) {
    this.#possible = [config]
  }

  get newest(): ConsumerConfig {
    return this.#possible.at(-1)!
  }

  get maxInflight(): number {
    return Math.max(...this.#possible.map(({ maxInflight }) => maxInflight))
  }

  /** An alteration was asked for: both hold until it is confirmed. */
  asked(config: ConsumerConfig): void {
    this.#possible = [...this.#possible, config]
    this.#limits.clear()
  }

  confirmed(config: ConsumerConfig): void {
    this.#possible = [config]
    this.#limits.clear()
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
}
