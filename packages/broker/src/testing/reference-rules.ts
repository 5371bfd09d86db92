// What limits the deliveries of a subject, written down a second time, as docs/internals/flow-control.md
// says it. Pure, and without a line of the broker's: patterns are matched here anew too.

import { defaultLimitOf } from '@sluice/protocol/model/consumer'
import type { ConsumerConfig, FlowRate, FlowRule } from '@sluice/protocol/model/consumer'

/** Something that counts deliveries. */
export interface Gauge {
  /** The same for two subjects exactly where both count in it. */
  readonly key: string
  readonly limit: number
}

/** A token bucket. */
export interface RateGauge {
  readonly key: string
  readonly rate: FlowRate
}

/** What a pattern captures of a subject, token for token; undefined where it does not match. */
export function capturedBy(match: string, subject: string): readonly string[] | undefined {
  const wanted = match.split('.')
  const tokens = subject.split('.')
  const endsOpen = wanted.at(-1) === '>'
  if (endsOpen) wanted.pop()
  if (endsOpen ? tokens.length <= wanted.length : tokens.length !== wanted.length) return undefined
  const captured: string[] = []
  for (const [index, token] of wanted.entries()) {
    if (token.startsWith('{')) captured.push(tokens[index])
    else if (token !== '*' && token !== tokens[index]) return undefined
  }
  return captured
}

export function isMatch(match: string, subject: string): boolean {
  return capturedBy(match, subject) !== undefined
}

function hasCaptures({ match }: FlowRule): boolean {
  return match.includes('{')
}

export function isWanted(filter: readonly string[], subject: string): boolean {
  return filter.some((pattern) => isMatch(pattern, subject))
}

/** Of the subject by itself: a literal rule wins, else the smallest of all that match and do not capture. */
export function limitOf(rules: readonly FlowRule[], subject: string): number {
  const literal = rules.find(({ match }) => match === subject)
  if (literal !== undefined) return defaultLimitOf(literal)
  const matching = rules.filter((rule) => !hasCaptures(rule) && isMatch(rule.match, subject))
  return Math.min(Infinity, ...matching.map(defaultLimitOf))
}

/** Everything that must have room for a delivery of the subject. */
export function gaugesOf({ rules, maxInflight }: ConsumerConfig, subject: string): readonly Gauge[] {
  const gauges = [{ key: 'all', limit: maxInflight }]
  const limit = limitOf(rules, subject)
  if (limit < Infinity) gauges.push({ key: keyOf('subject', subject), limit })
  for (const rule of rules) {
    const captured = capturedBy(rule.match, subject)
    if (captured === undefined) continue
    if (hasCaptures(rule))
      gauges.push({ key: keyOf('pool', rule.match, ...captured), limit: defaultLimitOf(rule) })
    if (rule.total !== undefined) gauges.push({ key: keyOf('total', rule.match), limit: rule.total })
  }
  return gauges
}

/** Every bucket that must have a token; a rule that is altered in anything has buckets of its own. */
export function ratesOf({ rules }: ConsumerConfig, subject: string): readonly RateGauge[] {
  return rules.flatMap((rule) => {
    const captured = capturedBy(rule.match, subject)
    if (captured === undefined || rule.rate === undefined) return []
    const pool = hasCaptures(rule) ? captured : [subject]
    return [{ key: keyOf(JSON.stringify(rule), ...pool), rate: rule.rate }]
  })
}

/** Why JSON: nothing that is joined otherwise tells `a.bc` from `ab.c` for certain. */
function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts)
}
