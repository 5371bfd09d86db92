// The rules of one flow consumer, compiled to be matched against key bytes without making strings.
//
// What several subjects may share is told as one key, `shares`, made anew by each `match`. Subjects with
// equal bytes there share the same captured pools, totals and rates:
//
//   { rule u16 · kind u8 (sharedBy) · tail }*        in the order of the rules
//   tail   tokens: count u8 · { size u8 · bytes }*      key: size u32 · bytes      others: nothing

import { BytePattern } from '@sluice/protocol/subject/byte-pattern'
import { isSubjectBytes } from '@sluice/protocol/subject/subject'
import type { CountedRule } from './counted-rule.ts'
import { LiteralKeys } from './literal-keys.ts'

/** The limit of a pool that no rule matches. */
export const unlimited = 0x7fff_ffff
const dot = 0x2e

/** What tells the pools of a rule apart. */
export const sharedBy = {
  /** Nothing: there is only its total. */
  nothing: 0,
  /** Captured tokens. */
  tokens: 1,
  /** The whole key, for a rate without captures. */
  key: 2,
  nullKey: 3,
} as const

const decoder = new TextDecoder()

/** The captured tokens of what a gate shares, `kind u8 · tail` of an entry of `shares`; else none. */
export function capturedTokens(shared: Uint8Array): string[] {
  if (shared[0] !== sharedBy.tokens) return []
  const tokens: string[] = []
  for (let at = 2; tokens.length < shared[1]!; at += 1 + shared[at]!)
    tokens.push(decoder.decode(shared.subarray(at + 1, at + 1 + shared[at]!)))
  return tokens
}

interface CompiledRule {
  readonly index: number
  readonly rule: CountedRule
  readonly pattern: BytePattern
  /** Indices of captured tokens. */
  readonly captured: readonly number[]
}

export class RuleTable {
  readonly rules: readonly CountedRule[]
  /** Whether any rule has a captured pool, a total or a rate. */
  readonly hasShared: boolean
  /** What the last `match` found: the own limit, and the index of the rule that gives it (-1: none). */
  matchedLimit = unlimited
  matchedRule = -1
  matchedWeight = 1
  /** The key of what is shared, `[0, sharesEnd)`; borrowed until the next `match`. */
  shares = new Uint8Array(64)
  sharesEnd = 0
  readonly #literals = new LiteralKeys<CompiledRule>()
  /** Patterns that give an own limit, smallest first; those among them that opaque keys match, too. */
  readonly #own: CompiledRule[] = []
  readonly #ownOfAll: readonly CompiledRule[]
  /** Patterns with captures, a total or a rate, and those that opaque keys match. */
  readonly #shared: CompiledRule[] = []
  readonly #sharedOfAll: readonly CompiledRule[]

  constructor(rules: readonly CountedRule[]) {
    this.rules = rules
    rules.forEach((rule, index) => this.#add(rule, index))
    // Why sorted: the smallest limit wins, so the first match is the answer.
    this.#own.sort((a, b) => a.rule.limit - b.rule.limit || a.index - b.index)
    this.#ownOfAll = this.#own.filter(({ pattern }) => pattern.pattern.matchesAll)
    this.#sharedOfAll = this.#shared.filter(({ pattern }) => pattern.pattern.matchesAll)
    this.hasShared = rules.some((rule) => rule.match.includes('{') || isShared(rule))
  }

  #add(rule: CountedRule, index: number): void {
    const pattern = new BytePattern(rule.match)
    const captured = pattern.pattern.captures.map((capture) => capture.index)
    const compiled = { index, rule, pattern, captured }
    if (pattern.pattern.isLiteral) return this.#literals.add(rule.match, compiled)
    if (captured.length === 0) this.#own.push(compiled)
    if (captured.length > 0 || isShared(rule)) this.#shared.push(compiled)
  }

  /** Whether every key shares the same gates by both: only numbers differ. */
  isShapedLike({ rules }: RuleTable): boolean {
    if (rules === this.rules) return true
    return rules.length === this.rules.length && rules.every((rule, at) => isSameShape(rule, this.rules[at]!))
  }

  /** Which limits hold for the key `bytes[start, end)`; an end of -1 is the null key. */
  match(bytes: Uint8Array, start: number, end: number): void {
    this.matchedLimit = unlimited
    this.matchedRule = -1
    this.matchedWeight = 1
    this.sharesEnd = 0
    if (this.rules.length === 0) return
    const isSubject = end >= 0 && isSubjectBytes(bytes, start, end)
    const literal = isSubject ? this.#literals.find(bytes, start, end) : undefined
    const own = literal ?? (isSubject ? this.#ownOf(bytes, start, end) : this.#ownOfAll[0])
    if (own !== undefined) {
      this.matchedLimit = own.rule.limit
      this.matchedRule = own.index
      this.matchedWeight = own.rule.weight ?? 1
    }
    if (!this.hasShared) return
    if (literal !== undefined && isShared(literal.rule)) this.#share(literal, bytes, start, end)
    const patterns = isSubject ? this.#shared : this.#sharedOfAll
    for (const compiled of patterns) {
      if (isSubject && !compiled.pattern.matches(bytes, start, end)) continue
      this.#share(compiled, bytes, start, end)
      if (this.matchedRule < 0) this.matchedWeight = Math.max(this.matchedWeight, compiled.rule.weight ?? 1)
    }
  }

  #ownOf(bytes: Uint8Array, start: number, end: number): CompiledRule | undefined {
    for (const compiled of this.#own) if (compiled.pattern.matches(bytes, start, end)) return compiled
    return undefined
  }

  #share({ index, rule, captured }: CompiledRule, bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(8 + Math.max(0, end - start) + captured.length)
    this.#byte(index >>> 8)
    this.#byte(index)
    if (captured.length > 0) {
      this.#byte(sharedBy.tokens)
      this.#byte(captured.length)
      this.#captureTokens(captured, bytes, start, end)
    } else if (rule.rate === undefined) this.#byte(sharedBy.nothing)
    else if (end < 0) this.#byte(sharedBy.nullKey)
    else {
      const size = end - start
      this.#byte(sharedBy.key)
      for (let shift = 24; shift >= 0; shift -= 8) this.#byte(size >>> shift)
      for (let at = start; at < end; at++) this.#byte(bytes[at]!)
    }
  }

  #captureTokens(captured: readonly number[], bytes: Uint8Array, start: number, end: number): void {
    let token = 0
    let at = start
    for (const wanted of captured) {
      for (; token < wanted; token++) at = endOfToken(bytes, at, end) + 1
      const tokenEnd = endOfToken(bytes, at, end)
      this.#byte(tokenEnd - at)
      for (let from = at; from < tokenEnd; from++) this.#byte(bytes[from]!)
    }
  }

  #byte(byte: number): void {
    this.shares[this.sharesEnd++] = byte
  }

  #reserve(size: number): void {
    if (this.sharesEnd + size <= this.shares.length) return
    const larger = new Uint8Array((this.sharesEnd + size) * 2)
    larger.set(this.shares)
    this.shares = larger
  }
}

function isSameShape(one: CountedRule, other: CountedRule): boolean {
  const isTotalSame = (one.total === undefined) === (other.total === undefined)
  const isRateSame = (one.rate === undefined) === (other.rate === undefined)
  return one.match === other.match && isTotalSame && isRateSame
}

function isShared({ total, rate }: CountedRule): boolean {
  return total !== undefined || rate !== undefined
}

function endOfToken(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== dot) at++
  return at
}

/** Subjects that patterns choose: those a consumer delivers, or those that are paused. */
export class SubjectFilter {
  /** Every key matches, opaque ones too. */
  readonly isAll: boolean
  readonly #literals = new LiteralKeys<true>()
  /** The others. */
  readonly #patterns: BytePattern[] = []

  constructor(patterns: readonly string[]) {
    for (const text of patterns) {
      const pattern = new BytePattern(text)
      if (pattern.pattern.isLiteral) this.#literals.add(text, true)
      else this.#patterns.push(pattern)
    }
    this.isAll = this.#patterns.some(({ pattern }) => pattern.matchesAll)
  }

  /** Whether the key `bytes[start, end)` is one of them; an opaque key only by `>`. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.isAll) return true
    if (end < 0 || !isSubjectBytes(bytes, start, end)) return false
    if (this.#literals.find(bytes, start, end) === true) return true
    for (const pattern of this.#patterns) if (pattern.matches(bytes, start, end)) return true
    return false
  }
}
