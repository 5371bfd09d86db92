// What one subject needs of the gates, and all subjects of its partition that need the same: a bundle of
// gates. One row a bundle, one array a column, found by (partition, what RuleTable says is shared); its
// gates are a chain of links: captured pools, then totals, then rates.
//
// Why bundles: subjects of one bundle are stopped and let through alike, so that a gate looks at bundles, of
// which there are few, and never at the thousands of subjects that wait behind one.

import type { CountedRule } from './counted-rule.ts'
import { resized } from './columns.ts'
import type { GateRules } from './gate-rules.ts'
import { gateKinds } from './gate-table.ts'
import type { GateKind, GateTable } from './gate-table.ts'
import { KeyIndex } from './key-index.ts'
import { sharedBy } from './rule-table.ts'
import type { RuleTable } from './rule-table.ts'

const none = -1
const nothing = new Uint8Array(0)
const keyHeadBytes = 4

export interface MatchedGate {
  readonly kind: GateKind
  readonly rule: CountedRule
  /** -1: nobody has it. */
  readonly gate: number
  /** A tail of `RuleTable.shares`. */
  readonly captured: Uint8Array
}

export class GateBundles {
  /** Rows in use, those that are kept though no subject has them included. */
  count = 0
  /** The state, by its number, whose lanes these are. */
  owner = new Int32Array(0)
  /** First of the bundle's links. */
  firstLink = new Int32Array(0)
  linkGate = new Int32Array(0)
  linkNext = new Int32Array(0)
  /** Lanes that wait: a heap in the columns of their owner; -1: none. */
  waitingRoot = new Int32Array(0)
  /** The line (gate-lines.ts) that the bundle stands in; -1: none of its lanes waits. */
  line = new Int32Array(0)
  readonly #gates: GateTable
  readonly #rules: GateRules
  readonly #lanes = new Lanes()
  #index = new KeyIndex()
  #key = new Uint8Array(64)
  #nextFree = new Int32Array(0)
  #firstFree = none
  #firstFreeLink = none

  constructor(gates: GateTable, rules: GateRules) {
    this.#gates = gates
    this.#rules = rules
  }

  /** Gives one lane more of an owner what the last `match` of its rules has found to be shared. */
  attach(owner: number, rules: RuleTable): number {
    const end = this.#composeKey(owner, rules)
    const found = this.#index.find(this.#key, 0, end)
    const bundle = found === none ? this.#insert(owner, rules, end) : found
    this.#lanes.attach(bundle)
    return bundle
  }

  /**
   * A lane has it no longer. The row stays a while, since a subject that was active is likely to be again.
   */
  detach(bundle: number): void {
    const evicted = this.#lanes.detach(bundle)
    if (evicted !== none) this.#remove(evicted)
  }

  /** Removes the rows that are kept though no subject has them. */
  forgetIdle(): void {
    for (const bundle of this.#lanes.takeIdle()) this.#remove(bundle)
  }

  forEach(visit: (bundle: number) => void): void {
    for (let bundle = 0; bundle < this.owner.length; bundle++) if (this.owner[bundle] !== none) visit(bundle)
  }

  /** The gates of a bundle, for people and tests. */
  gatesOf(bundle: number): number[] {
    const gates: number[] = []
    for (let link = this.firstLink[bundle]!; link !== none; link = this.linkNext[link]!)
      gates.push(this.linkGate[link]!)
    return gates
  }

  lanesOf(bundle: number): number {
    return this.#lanes.countOf(bundle)
  }

  #insert(owner: number, rules: RuleTable, keyEnd: number): number {
    if (this.#firstFree === none) this.#grow()
    const bundle = this.#firstFree
    this.#firstFree = this.#nextFree[bundle]!
    this.#index.insertMissed(bundle, this.#key, 0, keyEnd)
    this.owner[bundle] = owner
    this.firstLink[bundle] = this.line[bundle] = this.waitingRoot[bundle] = none
    // Why backwards: each link goes to the front of the chain.
    for (const kind of [gateKinds.rate, gateKinds.total, gateKinds.capture])
      this.#linkKind(bundle, kind, rules)
    this.count++
    return bundle
  }

  /** The gates that a match has found, where they are in use, for people: -1 where nobody has one. */
  gatesMatched(rules: RuleTable): MatchedGate[] {
    const found: MatchedGate[] = []
    for (const kind of [gateKinds.capture, gateKinds.total, gateKinds.rate]) {
      this.#forEachShare(kind, rules, (rule, captured) => {
        const gate = this.#gates.find(kind, this.#rules.of(rule), captured)
        found.push({ kind, rule, gate, captured: captured.slice() })
      })
    }
    return found
  }

  #linkKind(bundle: number, kind: GateKind, rules: RuleTable): void {
    this.#forEachShare(kind, rules, (rule, captured) => {
      this.#link(bundle, this.#gates.hold(kind, this.#rules.of(rule), captured))
    })
  }

  #forEachShare(
    kind: GateKind,
    { rules, shares, sharesEnd }: RuleTable,
    visit: (rule: CountedRule, captured: Uint8Array) => void,
  ): void {
    for (let at = 0; at < sharesEnd;) {
      const rule = rules[(shares[at]! << 8) | shares[at + 1]!]!
      const tail = at + 2
      at = endOfShare(shares, tail)
      const isThere =
        kind === gateKinds.capture
          ? shares[tail] === sharedBy.tokens
          : kind === gateKinds.total
            ? rule.total !== undefined
            : rule.rate !== undefined
      if (!isThere) continue
      visit(rule, kind === gateKinds.total ? nothing : shares.subarray(tail, at))
    }
  }

  #link(bundle: number, gate: number): void {
    if (this.#firstFreeLink === none) this.#growLinks()
    const link = this.#firstFreeLink
    this.#firstFreeLink = this.linkNext[link]!
    this.linkGate[link] = gate
    this.linkNext[link] = this.firstLink[bundle]!
    this.firstLink[bundle] = link
  }

  #remove(bundle: number): void {
    for (let link = this.firstLink[bundle]!; link !== none;) {
      const next = this.linkNext[link]!
      this.#gates.letGo(this.linkGate[link]!)
      this.linkNext[link] = this.#firstFreeLink
      this.#firstFreeLink = link
      link = next
    }
    this.#index.remove(bundle)
    this.owner[bundle] = none
    this.#nextFree[bundle] = this.#firstFree
    this.#firstFree = bundle
    if (--this.count === 0 && this.owner.length > rowsKept) this.#shrink()
  }

  /** owner u32 · shares */
  #composeKey(owner: number, { shares, sharesEnd }: RuleTable): number {
    const size = keyHeadBytes + sharesEnd
    if (size > this.#key.length) this.#key = new Uint8Array(size * 2)
    const key = this.#key
    for (let at = 0; at < keyHeadBytes; at++) key[at] = owner >>> (24 - at * 8)
    for (let at = 0; at < sharesEnd; at++) key[keyHeadBytes + at] = shares[at]!
    return size
  }

  #grow(): void {
    const before = this.owner.length
    const size = Math.max(64, before * 2)
    this.#resize(size)
    this.owner.fill(none, before)
    for (let row = before; row < size; row++) this.#nextFree[row] = row + 1 < size ? row + 1 : none
    this.#firstFree = before
  }

  #growLinks(): void {
    const before = this.linkGate.length
    const size = Math.max(64, before * 2)
    this.linkGate = resized(this.linkGate, new Int32Array(size))
    this.linkNext = resized(this.linkNext, new Int32Array(size))
    for (let link = before; link < size; link++) this.linkNext[link] = link + 1 < size ? link + 1 : none
    this.#firstFreeLink = before
  }

  #shrink(): void {
    this.#resize(0)
    this.#firstFree = this.#firstFreeLink = none
    this.linkGate = new Int32Array(0)
    this.linkNext = new Int32Array(0)
    this.#index = new KeyIndex()
  }

  #resize(size: number): void {
    this.owner = resized(this.owner, new Int32Array(size))
    this.firstLink = resized(this.firstLink, new Int32Array(size))
    this.waitingRoot = resized(this.waitingRoot, new Int32Array(size))
    this.line = resized(this.line, new Int32Array(size))
    this.#nextFree = resized(this.#nextFree, new Int32Array(size))
    this.#lanes.resize(size)
  }
}

/** How many lanes have each bundle, and which bundles none has, of which the last few are kept. */
class Lanes {
  #count = new Int32Array(0)
  /** By bundle: whether it is in `#idle`. */
  #isKept = new Uint8Array(0)
  readonly #idle = new Int32Array(idleKept).fill(none)
  #at = 0

  attach(bundle: number): void {
    this.#count[bundle]!++
  }

  countOf(bundle: number): number {
    return this.#count[bundle]!
  }

  /** Returns a bundle that is to go now: the one that has been idle for longest. */
  detach(bundle: number): number {
    if (--this.#count[bundle]! > 0 || this.#isKept[bundle] === 1) return none
    const oldest = this.#idle[this.#at]!
    this.#idle[this.#at] = bundle
    this.#isKept[bundle] = 1
    this.#at = (this.#at + 1) % idleKept
    if (oldest === none) return none
    this.#isKept[oldest] = 0
    return this.#count[oldest] === 0 ? oldest : none
  }

  takeIdle(): number[] {
    const kept = [...this.#idle].filter((bundle) => bundle !== none)
    this.#idle.fill(none)
    for (const bundle of kept) this.#isKept[bundle] = 0
    return kept.filter((bundle) => this.#count[bundle] === 0)
  }

  resize(size: number): void {
    this.#count = resized(this.#count, new Int32Array(size))
    this.#isKept = resized(this.#isKept, new Uint8Array(size))
  }
}

function endOfShare(shares: Uint8Array, tail: number): number {
  let at = tail + 1
  switch (shares[tail]) {
    case sharedBy.tokens: {
      let left = shares[at++]!
      for (; left > 0; left--) at += 1 + shares[at]!
      return at
    }
    case sharedBy.key: {
      const size = (shares[at]! << 24) | (shares[at + 1]! << 16) | (shares[at + 2]! << 8) | shares[at + 3]!
      return at + 4 + size
    }
    default:
      return at
  }
}

/** Rows that an empty table keeps, for the next time. */
const rowsKept = 4096
/** Bundles without a lane that are kept. */
const idleKept = 256
