// The rules of one flow consumer, compiled to be matched against key bytes without making strings.

import type { FlowRule } from '@sluice/protocol/model/consumer'
import { BytePattern, isSameBytes } from '@sluice/protocol/subject/byte-pattern'
import { isSubjectBytes } from '@sluice/protocol/subject/subject'
import { hashKey } from './key-index.ts'

/** The limit of a pool that no rule matches. */
export const unlimited = 0x7fff_ffff

export class RuleTable {
  readonly rules: readonly FlowRule[]
  /** What the last `match` found: the limit, and the index of the rule that gives it (-1: none). */
  matchedLimit = unlimited
  matchedRule = -1
  readonly #literals = new Map<number, { readonly key: Uint8Array; readonly rule: number }[]>()
  readonly #patterns: { readonly pattern: BytePattern; readonly limit: number; readonly rule: number }[] = []

  constructor(rules: readonly FlowRule[]) {
    this.rules = rules
    rules.forEach(({ match, limit }, rule) => {
      const pattern = new BytePattern(match)
      if (pattern.pattern.isLiteral) this.#addLiteral(match, rule)
      else this.#patterns.push({ pattern, limit, rule })
    })
    // Why sorted: the smallest limit wins, so the first match is the answer.
    this.#patterns.sort((a, b) => a.limit - b.limit || a.rule - b.rule)
  }

  /** Which limit holds for the key `bytes[start, end)`; an end of -1 is the null key. */
  match(bytes: Uint8Array, start: number, end: number): void {
    this.matchedLimit = unlimited
    this.matchedRule = -1
    if (this.rules.length === 0) return
    const isSubject = end >= 0 && isSubjectBytes(bytes, start, end)
    if (isSubject && this.#matchLiteral(bytes, start, end)) return
    for (let index = 0; index < this.#patterns.length; index++) {
      const { pattern, limit, rule } = this.#patterns[index]!
      const isMatch = isSubject ? pattern.matches(bytes, start, end) : pattern.pattern.matchesAll
      if (!isMatch) continue
      this.matchedLimit = limit
      this.matchedRule = rule
      return
    }
  }

  #addLiteral(match: string, rule: number): void {
    const key = Buffer.from(match)
    const hash = hashKey(key, 0, key.length)
    const sameHash = this.#literals.get(hash)
    if (sameHash === undefined) this.#literals.set(hash, [{ key, rule }])
    else sameHash.push({ key, rule })
  }

  #matchLiteral(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#literals.size === 0) return false
    const candidates = this.#literals.get(hashKey(bytes, start, end)) ?? []
    const found = candidates.find(({ key }) => isSameBytes(key, bytes, start, end))
    if (found === undefined) return false
    this.matchedLimit = this.rules[found.rule]!.limit
    this.matchedRule = found.rule
    return true
  }
}

/** The filter of a flow consumer. */
export class SubjectFilter {
  readonly #patterns: readonly BytePattern[]
  readonly #matchesAll: boolean

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map((text) => new BytePattern(text))
    this.#matchesAll = this.#patterns.some(({ pattern }) => pattern.matchesAll)
  }

  /** Whether the key `bytes[start, end)` is to be delivered; an opaque key only by `>`. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#matchesAll) return true
    if (end < 0 || !isSubjectBytes(bytes, start, end)) return false
    for (const pattern of this.#patterns) if (pattern.matches(bytes, start, end)) return true
    return false
  }
}
