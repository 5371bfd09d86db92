// What a flow consumer may and must do, said as plainly as possible: every question is answered by counting
// over all records. Tests hold the flow state against it.

import assert from 'node:assert/strict'
import { defaultLimitOf } from '@sluice/protocol/model/consumer'
import type { FlowRule } from '@sluice/protocol/model/consumer'
import { matchesTokens, parsePattern } from '@sluice/protocol/subject/pattern'

/** Room for the rounding of times. */
const epsilon = 1e-6

export interface NaiveRecord {
  readonly partition: number
  readonly offset: number
  readonly subject: string | null
  place: 'waiting' | 'out' | 'delayed' | 'blocked' | 'settled'
  dueMs: number
}

export class NaiveFlow {
  rules: readonly FlowRule[]
  paused: readonly string[] = []
  readonly records: NaiveRecord[] = []
  /** When records passed a rate, by rule and pool. */
  readonly #passed = new Map<string, number[]>()

  constructor(rules: readonly FlowRule[]) {
    this.rules = rules
  }

  find(partition: number, offset: number): NaiveRecord {
    return this.records.find((one) => one.partition === partition && one.offset === offset)!
  }

  /** Takes note of a delivery, and throws where it should not have been. */
  deliver(record: NaiveRecord, nowMs: number): void {
    const name = `${record.offset} of ${record.subject} in ${record.partition}`
    assert.ok(
      record.place === 'waiting' || (record.place === 'delayed' && record.dueMs <= nowMs),
      `${name} is ${record.place}`,
    )
    assert.equal(this.whyNot(record, nowMs), undefined, name)
    record.place = 'out'
    for (const rule of this.rules) {
      const pool = poolOf(rule, record.subject)
      if (rule.rate === undefined || pool === undefined) continue
      const times = this.#timesOf(rule, pool)
      times.push(nowMs)
      times.forEach((fromMs, index) => {
        const most = rule.rate!.burst + ((nowMs - fromMs) * rule.rate!.perSecond) / 1000 + epsilon
        assert.ok(times.length - index <= most, `${name} passes the rate of '${rule.match}' early`)
      })
    }
  }

  /** What forbids to deliver a record now, this one not counted; undefined: nothing. */
  whyNot(record: NaiveRecord, nowMs: number): string | undefined {
    const { subject, partition } = record
    const own = this.records.filter((one) => one.subject === subject && one.partition === partition)
    if (this.paused.some((pattern) => isMatch(pattern, subject))) return 'paused'
    if (own.some(({ place }) => place === 'blocked')) return 'blocked'
    if (taken(own, this.#ownLimit(subject), record)) return 'pool full'
    for (const rule of this.rules) {
      const pool = poolOf(rule, subject)
      if (pool === undefined) continue
      const why = this.#whyNotBy(rule, pool, { record, nowMs })
      if (why !== undefined) return `${why} of '${rule.match}'`
    }
    return undefined
  }

  #whyNotBy(rule: FlowRule, pool: string, now: { record: NaiveRecord; nowMs: number }): string | undefined {
    const { record, nowMs } = now
    const same = this.records.filter(({ subject }) => poolOf(rule, subject) === pool)
    if (rule.match.includes('{') && taken(same, defaultLimitOf(rule), record)) return 'captured pool full'
    const all = this.records.filter(({ subject, place }) => place === 'out' && isMatch(rule.match, subject))
    if (rule.total !== undefined && all.length >= rule.total) return 'total full'
    if (rule.rate !== undefined && this.#tokens(rule, pool, nowMs) < 1 - epsilon) return 'rate'
    return undefined
  }

  #tokens({ match, rate }: FlowRule, pool: string, nowMs: number): number {
    const { perSecond, burst } = rate!
    let tokens = burst
    let at = -Infinity
    for (const time of [...this.#timesOf({ match }, pool), nowMs]) {
      tokens = at === -Infinity ? burst : Math.min(burst, tokens + ((time - at) * perSecond) / 1000)
      at = time
      tokens--
    }
    return tokens + 1
  }

  #timesOf({ match }: { readonly match: string }, pool: string): number[] {
    const key = JSON.stringify([match, pool])
    const times = this.#passed.get(key) ?? []
    this.#passed.set(key, times)
    return times
  }

  #ownLimit(subject: string | null): number {
    const own = this.rules.filter(({ match }) => !match.includes('{') && isMatch(match, subject))
    const literal = own.find(({ match }) => match === subject)
    return literal === undefined ? Math.min(Infinity, ...own.map(defaultLimitOf)) : defaultLimitOf(literal)
  }
}

export function isMatch(pattern: string, subject: string | null): boolean {
  return matchesTokens(parsePattern(pattern), subject === null ? null : subject.split('.'))
}

/** Which of a rule's pools a subject is in; undefined where it does not match. */
function poolOf({ match }: FlowRule, subject: string | null): string | undefined {
  if (!isMatch(match, subject)) return undefined
  const { captures } = parsePattern(match)
  const tokens = subject?.split('.') ?? []
  return JSON.stringify(captures.length === 0 ? subject : captures.map(({ index }) => tokens[index]))
}

/** Whether a limit is reached by the others; at limit 1 also by those that are delayed. */
function taken(records: readonly NaiveRecord[], limit: number, but: NaiveRecord): boolean {
  const counted = records.filter(
    (one) => one !== but && (one.place === 'out' || (one.place === 'delayed' && limit === 1)),
  )
  return counted.length >= limit
}
