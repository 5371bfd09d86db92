// A rule as people read it and as `--rule` takes it.

import type { FlowRule } from '@sluice/client'

/** `orders.premium.>=30`, or with more than a limit `orders.*.{tenant}.> limit=5 total=50`. */
export function ruleText({ match, limit, total, rate, weight }: FlowRule): string {
  const more = [
    ...(total === undefined ? [] : [`total=${total}`]),
    ...(rate === undefined ? [] : [`rate=${rate.perSecond}/s`, `burst=${rate.burst}`]),
    ...(weight === undefined ? [] : [`weight=${weight}`]),
  ]
  return more.length === 0 ? `${match}=${limit}` : [match, `limit=${limit}`, ...more].join(' ')
}

/** Many of them in one line. */
export function rulesText(rules: readonly FlowRule[]): string {
  return rules.map(ruleText).join(', ') || 'none'
}
