// Which pools a subject belongs to under a set of rules, from the words of the specification alone.

import type { FlowRule } from '@sluice/client'

export interface PoolShare {
  readonly key: string
  readonly limit: number
}

export interface PacedPool {
  readonly key: string
  readonly perSecond: number
  readonly burst: number
}

export interface RuleSet {
  readonly rules: readonly FlowRule[]
  readonly maxInflight: number
}

/** The harness makes no rules whose limits are read live. */
function limitOf({ limit }: FlowRule): number {
  return typeof limit === 'number' ? limit : limit.default
}

/** Everything that must have room before a record of the subject is delivered. */
export function poolsOf(subject: string, { rules, maxInflight }: RuleSet): PoolShare[] {
  const matching = rules.filter(({ match }) => capturedBy(match, subject) !== undefined)
  const pools: PoolShare[] = [{ key: 'consumer', limit: maxInflight }]
  const plain = matching.filter(({ match }) => !match.includes('{'))
  const literal = plain.find(({ match }) => match === subject)
  const limits = literal === undefined ? plain.map(limitOf) : [limitOf(literal)]
  if (limits.length > 0) pools.push({ key: `subject ${subject}`, limit: Math.min(...limits) })
  for (const rule of matching) {
    const { match, total } = rule
    if (match.includes('{')) pools.push({ key: `pool ${poolKey(match, subject)}`, limit: limitOf(rule) })
    if (total !== undefined) pools.push({ key: `total ${match}`, limit: total })
  }
  return pools
}

export function pacedPoolsOf(subject: string, { rules }: RuleSet): PacedPool[] {
  return rules.flatMap(({ match, rate }) =>
    rate === undefined || capturedBy(match, subject) === undefined
      ? []
      : [{ key: `rate ${poolKey(match, subject)}`, ...rate }],
  )
}

/** What limits a subject by itself; undefined when nothing does. */
export function subjectLimit(subject: string, rules: RuleSet): number | undefined {
  return poolsOf(subject, rules).find(({ key }) => key === `subject ${subject}`)?.limit
}

export function isMatch(match: string, subject: string): boolean {
  return capturedBy(match, subject) !== undefined
}

function poolKey(match: string, subject: string): string {
  return match.includes('{') ? `${match} ${capturedBy(match, subject)!.join('.')}` : `${match} ${subject}`
}

const expressions = new Map<string, RegExp>()

function capturedBy(match: string, subject: string): string[] | undefined {
  let expression = expressions.get(match)
  if (expression === undefined) {
    const parts = match.split('.').map((token) => {
      if (token === '>') return '.+'
      if (token === '*') return '[^.]+'
      return token.startsWith('{') ? '([^.]+)' : RegExp.escape(token)
    })
    expression = new RegExp(`^${parts.join('\\.')}$`)
    expressions.set(match, expression)
  }
  return expression.exec(subject)?.slice(1)
}
