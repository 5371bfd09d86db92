// The rules of one flow consumer as its gates know them: a rule keeps its number while it is altered, so that
// what its gates count and have used stays theirs. A rule is known by its pattern.

import type { CountedRule } from './counted-rule.ts'
import type { RuleTable } from './rule-table.ts'

export interface GateRule {
  /** Never given twice. */
  readonly id: number
  rule: CountedRule
  /** Of a rate: between two records in the long run; 0 where the rule has none. */
  intervalMs: number
  /** Gates that have the rule. */
  gates: number
}

export class GateRules {
  #current: RuleTable | undefined
  readonly #byMatch = new Map<string, GateRule>()
  #lastId = 0

  /** Takes over a rule table where it is another than before; returns whether it was. */
  adopt(rules: RuleTable): boolean {
    if (rules === this.#current) return false
    this.#current = rules
    for (const rule of rules.rules) this.#adoptRule(rule)
    const matches = new Set(rules.rules.map(({ match }) => match))
    for (const [match, { gates }] of this.#byMatch)
      if (gates === 0 && !matches.has(match)) this.#byMatch.delete(match)
    return true
  }

  /** The rule of a table that was adopted. */
  of(rule: CountedRule): GateRule {
    return this.#byMatch.get(rule.match)!
  }

  #adoptRule(rule: CountedRule): void {
    const intervalMs = rule.rate === undefined ? 0 : 1000 / rule.rate.perSecond
    const known = this.#byMatch.get(rule.match)
    if (known === undefined) {
      this.#byMatch.set(rule.match, { id: ++this.#lastId, rule, intervalMs, gates: 0 })
    } else {
      known.rule = rule
      known.intervalMs = intervalMs
    }
  }
}
