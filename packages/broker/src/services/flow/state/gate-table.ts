// What subjects of one flow consumer share: captured pools, totals and rates, each a gate that lets only so
// many records through. One row a gate, one array a column, found by (kind, rule, captured bytes), which are
// compared byte for byte. A row exists while a subject that is active has it, a rate until its bucket is
// full. Must never know subjects or partitions: gate-bundles.ts ties these to gates.

import { assert } from '../../../base/assert.ts'
import { resized } from './columns.ts'
import type { GateRule } from './gate-rules.ts'
import { KeyIndex } from './key-index.ts'
import { capturedTokens } from './rule-table.ts'
import { TokenBuckets } from './token-buckets.ts'

const none = -1

export const gateKinds = { free: 0, capture: 1, total: 2, rate: 3 } as const
export type GateKind = 1 | 2 | 3

export class GateTable {
  /** Rows in use. */
  count = 0
  kind = new Uint8Array(0)
  /** Of a rate: its burst. */
  limit = new Int32Array(0)
  /** Deliveries that are out; of a rate always 0. */
  inFlight = new Int32Array(0)
  /** Slots, or tokens, that are kept for lanes on their way to delivery. */
  reserved = new Int32Array(0)
  /** Delayed records of all its lanes; at limit 1 they keep the slot of a captured pool. */
  delayed = new Int32Array(0)
  /** First and last line of waiting bundles (gate-lines.ts); -1: nothing waits. */
  firstLine = new Int32Array(0)
  lastLine = new Int32Array(0)
  /** What rates have let through, by gate. */
  readonly buckets = new TokenBuckets()
  /** Bundles that have the gate. */
  #bundles = new Int32Array(0)
  readonly #rule: (GateRule | undefined)[] = []
  #nextFree = new Int32Array(0)
  #firstFree = none
  #index = new KeyIndex()
  #key = new Uint8Array(64)

  /** The gate; -1 where nobody has it. */
  find(kind: GateKind, rule: GateRule, captured: Uint8Array): number {
    return this.#index.find(this.#key, 0, this.#composeKey(kind, rule, captured))
  }

  /** One more bundle has this gate; its row is made where there is none. */
  hold(kind: GateKind, rule: GateRule, captured: Uint8Array): number {
    const found = this.find(kind, rule, captured)
    const gate = found === none ? this.#insert(kind, rule, keyHeadBytes + captured.length) : found
    this.#bundles[gate]!++
    return gate
  }

  /** A bundle that held it has it no longer. */
  letGo(gate: number): void {
    if (--this.#bundles[gate]! > 0) return
    assert(this.firstLine[gate] === none && this.reserved[gate] === 0, `gate ${gate} is let go in use`)
    if (this.kind[gate] !== gateKinds.rate || this.buckets.isFull(gate)) this.#remove(gate)
    else this.buckets.leaveIdle(gate)
  }

  /** Forgets the rates that nobody has and whose buckets have become full meanwhile. */
  sweep(): void {
    for (let gate = this.buckets.takeIdle(); gate !== none; gate = this.buckets.takeIdle()) {
      // Why looked at: it may have been held, used and let go again since, and comes once more then.
      const isIdle = this.kind[gate] === gateKinds.rate && this.#bundles[gate] === 0
      if (isIdle && this.buckets.isFull(gate)) this.#remove(gate)
    }
  }

  ruleOf(gate: number): GateRule {
    return this.#rule[gate]!
  }

  /** Slots that are taken, kept or held by a delay. */
  occupied(gate: number): number {
    const holding = this.kind[gate] === gateKinds.capture && this.limit[gate] === 1 ? this.delayed[gate]! : 0
    return this.inFlight[gate]! + this.reserved[gate]! + holding
  }

  /** Whether one more record may pass now, those that wait for the gate left aside. */
  hasRoom(gate: number): boolean {
    if (this.kind[gate] === gateKinds.rate) return this.dueMs(gate) <= this.buckets.nowMs
    return this.occupied(gate) < this.limit[gate]!
  }

  /** When a rate lets the next record pass; Infinity where all its tokens are kept for others. */
  dueMs(gate: number): number {
    const spare = this.limit[gate]! - this.reserved[gate]! - 1
    return spare < 0 ? Infinity : this.buckets.dueMs(gate, spare, this.#rule[gate]!.intervalMs)
  }

  /** A record takes a slot, or passes a rate where it is delivered. */
  take(gate: number, wasReserved: boolean, isDelivered: boolean): void {
    if (wasReserved) this.reserved[gate]!--
    if (this.kind[gate] !== gateKinds.rate) this.inFlight[gate]!++
    else if (isDelivered) this.buckets.take(gate, this.#rule[gate]!.intervalMs)
  }

  /** The rules were altered: rows that live on follow them. */
  applyRules(): void {
    this.forEach((gate) => {
      const kind = this.kind[gate] as GateKind
      const rule = this.#rule[gate]!
      this.limit[gate] = this.#limitBy(rule, kind, gate) ?? this.limit[gate]!
      if (kind !== gateKinds.rate || rule.rule.rate === undefined) return
      this.buckets.cap(gate, this.limit[gate]! * rule.intervalMs)
    })
  }

  #limitBy({ rule }: GateRule, kind: GateKind, gate: number): number | undefined {
    if (kind === gateKinds.total) return rule.total
    if (kind === gateKinds.rate) return rule.rate?.burst
    return rule.limitOf === undefined ? rule.limit : rule.limitOf(capturedTokens(this.capturedOf(gate)))
  }

  forEach(visit: (gate: number) => void): void {
    for (let gate = 0; gate < this.kind.length; gate++) if (this.kind[gate] !== gateKinds.free) visit(gate)
  }

  /** What was captured, in the form of `RuleTable.shares`: the tail of its entry. */
  capturedOf(gate: number): Uint8Array {
    return this.#index.keyOf(gate)!.subarray(keyHeadBytes)
  }

  #insert(kind: GateKind, rule: GateRule, keyEnd: number): number {
    if (this.#firstFree === none) this.#grow()
    const gate = this.#firstFree
    this.#firstFree = this.#nextFree[gate]!
    this.#index.insertMissed(gate, this.#key, 0, keyEnd)
    this.kind[gate] = kind
    this.limit[gate] = this.#limitBy(rule, kind, gate)!
    this.#rule[gate] = rule
    this.inFlight[gate] = this.reserved[gate] = this.delayed[gate] = this.#bundles[gate] = 0
    this.firstLine[gate] = this.lastLine[gate] = none
    this.buckets.reset(gate)
    rule.gates++
    this.count++
    return gate
  }

  #remove(gate: number): void {
    assert(this.inFlight[gate] === 0, `gate ${gate} is removed with ${this.inFlight[gate]} in flight`)
    this.#index.remove(gate)
    this.#rule[gate]!.gates--
    this.#rule[gate] = undefined
    this.kind[gate] = gateKinds.free
    this.#nextFree[gate] = this.#firstFree
    this.#firstFree = gate
    if (--this.count > 0 || this.kind.length <= rowsKept || this.buckets.idleCount > 0) return
    this.#resize(0)
    this.#rule.length = 0
    this.#firstFree = none
    this.#index = new KeyIndex()
  }

  /** kind u8 · rule u32 · what was captured */
  #composeKey(kind: GateKind, { id }: GateRule, captured: Uint8Array): number {
    const size = keyHeadBytes + captured.length
    if (size > this.#key.length) this.#key = new Uint8Array(size * 2)
    const key = this.#key
    key[0] = kind
    for (let at = 1; at < keyHeadBytes; at++) key[at] = id >>> (32 - at * 8)
    key.set(captured, keyHeadBytes)
    return size
  }

  #grow(): void {
    const before = this.kind.length
    const size = Math.max(64, before * 2)
    this.#resize(size)
    for (let row = before; row < size; row++) this.#nextFree[row] = row + 1 < size ? row + 1 : none
    this.#firstFree = before
  }

  #resize(size: number): void {
    this.kind = resized(this.kind, new Uint8Array(size))
    this.limit = resized(this.limit, new Int32Array(size))
    this.inFlight = resized(this.inFlight, new Int32Array(size))
    this.reserved = resized(this.reserved, new Int32Array(size))
    this.delayed = resized(this.delayed, new Int32Array(size))
    this.firstLine = resized(this.firstLine, new Int32Array(size))
    this.lastLine = resized(this.lastLine, new Int32Array(size))
    this.#bundles = resized(this.#bundles, new Int32Array(size))
    this.buckets.resize(size)
    this.#nextFree = resized(this.#nextFree, new Int32Array(size))
  }
}

const keyHeadBytes = 5
/** Rows that an empty table keeps, for the next time. */
const rowsKept = 4096
