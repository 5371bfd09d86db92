// A rule as it is counted by: with a number for its limit, where the rule itself says that it is read live.

import type { FlowRule, LiveLimit } from '@sluice/protocol/model/consumer'
import { parsePattern } from '@sluice/protocol/subject/pattern'
import { LimitKey } from './limit-key.ts'

export interface CountedRule extends FlowRule {
  /** Of a live limit of captured pools: what holds where nothing else is said. */
  readonly limit: number
  /** What the rule itself says, where its limit is read live. */
  readonly live?: LiveLimit
  /** The limit of one captured pool, where it is read live. */
  readonly limitOf?: (captured: readonly string[]) => number
}

/** Answers with the value of a key of a bucket; undefined where there is none. */
export type ReadLimit = (bucket: string, key: string) => number | undefined

/** The rules with the numbers that hold now. */
export function countedRules(rules: readonly FlowRule[], read: ReadLimit): CountedRule[] {
  return rules.map((rule) => {
    const { limit } = rule
    return typeof limit === 'number' ? { ...rule, limit } : liveRule(rule, limit, read)
  })
}

/** The rule as its owner wrote it: plain data, for whoever asks, also at another node. */
export function ruleAsGiven({ live, limitOf: _, ...rule }: CountedRule): FlowRule {
  return live === undefined ? rule : { ...rule, limit: live }
}

function liveRule(rule: FlowRule, live: LiveLimit, read: ReadLimit): CountedRule {
  const { bucket, key, default: fallback } = live
  const captureNames = parsePattern(rule.match).captures.map(({ name }) => name)
  if (captureNames.length === 0) return { ...rule, live, limit: read(bucket, key) ?? fallback }
  const limitKey = new LimitKey(key, captureNames)
  const limitOf = (captured: readonly string[]): number => read(bucket, limitKey.keyOf(captured)) ?? fallback
  return { ...rule, live, limit: fallback, limitOf }
}
