// A rule as people read it and as `--rule` takes it.

import type { FlowRule } from '@sluice/client'

/** `orders.premium.>=30`, or with more than a limit `orders.*.{tenant}.> limit=5 total=50`. */
export function ruleText({ match, limit, total, rate, weight }: FlowRule): string {
  const more = [
    ...(total === undefined ? [] : [`total=${total}`]),
    ...(rate === undefined ? [] : [`rate=${rate.perSecond}/s`, `burst=${rate.burst}`]),
    ...(weight === undefined ? [] : [`weight=${weight}`]),
  ]
  const said = typeof limit === 'number' ? String(limit) : `${limit.bucket}:${limit.key}:${limit.default}`
  const isShort = more.length === 0 && typeof limit === 'number'
  return isShort ? `${match}=${said}` : [match, `limit=${said}`, ...more].join(' ')
}

/** Many of them in one line. */
export function rulesText(rules: readonly FlowRule[]): string {
  return rules.map(ruleText).join(', ') || 'none'
}
