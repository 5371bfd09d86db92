// Never more in flight than a limit allows, by overlap of intervals: of a subject, of a pool, of a rule in
// total, of the consumer; and never faster than a rate.

import type { Delivered, LimitsChange } from './history.ts'
import { pacedPoolsOf, poolsOf } from './rule-pools.ts'
import type { RuleSet } from './rule-pools.ts'
import type { DeliveryStory, Story, Violation } from './story.ts'

/** Rules, and the time in which the broker may have gone by them. */
export interface RulesInForce extends RuleSet {
  readonly fromMs: number
  readonly untilMs: number
}

/** An alteration may hold from when it is asked for, and what was before until it is confirmed. */
export function rulesInForce(story: Story, consumer: string): RulesInForce[] {
  const changes = story.events.filter(
    (event): event is LimitsChange => event.kind === 'limits' && event.consumer === consumer,
  )
  return changes.flatMap((change, index) => {
    if (change.phase !== 'asked') return []
    const next = changes.slice(index + 2).find(({ phase }) => phase === 'confirmed')
    const untilMs = (next?.at ?? Infinity) + story.settings.jitterMs
    return [{ rules: change.rules, maxInflight: change.maxInflight, fromMs: change.at, untilMs }]
  })
}

export function checkLimits(story: Story): Violation[] {
  return story.consumers.flatMap((consumer) => {
    const sweep = new LimitSweep(rulesInForce(story, consumer))
    return [...sweep.violations(story.deliveries.get(consumer)!)].map((violation) => ({
      ...violation,
      text: `${consumer}: ${violation.text}`,
    }))
  })
}

class LimitSweep {
  readonly #rules: readonly RulesInForce[]
  readonly #open = new Map<string, Map<number, Delivered>>()
  readonly #pools = new Map<string, readonly string[]>()
  readonly #limits = new Map<string, number>()

  constructor(rules: readonly RulesInForce[]) {
    this.#rules = rules
  }

  *violations(deliveries: readonly DeliveryStory[]): Iterable<Violation> {
    const ends = deliveries.toSorted((a, b) => a.endMs - b.endMs)
    let ended = 0
    for (const { event, endMs } of deliveries) {
      while (ended < ends.length && ends[ended]!.endMs <= event.at) this.#close(ends[ended++]!.event)
      for (const key of this.#keysOf(event.subject)) {
        const open = this.#open.get(key) ?? new Map<number, Delivered>()
        this.#open.set(key, open)
        if (endMs > event.at) open.set(event.delivery, event)
        const limit = this.#limitAt(key, event)
        if (open.size <= limit) continue
        const text = `${key} has ${open.size} in flight at ${event.at.toFixed(1)} ms; its limit is ${limit}`
        yield { promise: 'no limit is exceeded', text, evidence: [...open.values()] }
      }
    }
  }

  #close(event: Delivered): void {
    for (const key of this.#keysOf(event.subject)) this.#open.get(key)?.delete(event.delivery)
  }

  /** Of any rules that ever held. */
  #keysOf(subject: string): readonly string[] {
    const known = this.#pools.get(subject)
    if (known !== undefined) return known
    const keys = new Set(this.#rules.flatMap((rules) => poolsOf(subject, rules).map(({ key }) => key)))
    this.#pools.set(subject, [...keys])
    return [...keys]
  }

  #limitAt(key: string, { subject, at }: Delivered): number {
    let limit = -Infinity
    for (const [index, rules] of this.#rules.entries()) {
      if (at < rules.fromMs || at > rules.untilMs) continue
      const name = `${index} ${key} ${subject}`
      let own = this.#limits.get(name)
      if (own === undefined) {
        own = poolsOf(subject, rules).find((pool) => pool.key === key)?.limit ?? Infinity
        this.#limits.set(name, own)
      }
      limit = Math.max(limit, own)
    }
    return limit
  }
}

interface Bucket {
  level: number
  at: number
}

/** A bucket of our own, which starts full whenever a broker does. Rates are not altered in a history. */
export function checkRates(story: Story): Violation[] {
  return story.consumers.flatMap((consumer) => {
    const [rules] = rulesInForce(story, consumer)
    if (rules === undefined) return []
    return [...rateViolations(story, story.deliveries.get(consumer)!, rules)]
  })
}

function* rateViolations(
  story: Story,
  deliveries: readonly DeliveryStory[],
  rules: RuleSet,
): Iterable<Violation> {
  const buckets = new Map<string, Bucket>()
  let deaths = 0
  for (const { event } of deliveries) {
    while (story.deaths[deaths] !== undefined && story.deaths[deaths]! <= event.at) {
      deaths++
      buckets.clear()
    }
    if (event.isLate) continue
    for (const { key, perSecond, burst } of pacedPoolsOf(event.subject, rules)) {
      const { level, at } = buckets.get(key) ?? { level: burst, at: event.at }
      const now = Math.min(burst, level + ((event.at - at) * perSecond) / 1000) - 1
      buckets.set(key, { level: now, at: event.at })
      const slack = 1 + (perSecond * story.settings.jitterMs) / 1000
      if (now >= -slack) continue
      const text = `${key} is ${(-now).toFixed(1)} ahead of ${perSecond}/s at ${event.at.toFixed(0)} ms`
      yield { promise: 'no rate is exceeded', text, evidence: [event] }
    }
  }
}
