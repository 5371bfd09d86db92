// The active pools of one partition of one flow consumer, found by the bytes of their key.
//
// One row a pool, one array a column: a million active subjects are a dozen arrays, not a million objects.
// A row exists while the pool holds a record in flight, parked or delayed. The key is compared byte for
// byte; the hash only finds the candidate.

import { resized } from './columns.ts'
import { KeyIndex } from './key-index.ts'
import type { RuleTable, SubjectFilter } from './rule-table.ts'

const none = -1
const nullKey = new Uint8Array(0)
const decoder = new TextDecoder()

export class PoolTable {
  /** Rows in use. */
  count = 0
  limit = new Int32Array(0)
  /** Index of the rule that gave the limit; -1: none matches. */
  rule = new Int32Array(0)
  /** Records that it may deliver each time it has its turn. */
  weight = new Uint16Array(0)
  /** What it shares with others (gate-bundles.ts); -1: nothing. */
  bundle = new Int32Array(0)
  /** What stops it, and what is kept for it: `poolFlags`. */
  flags = new Uint8Array(0)
  /** 0: an altered filter no longer matches it, and what it still has parked is passed over. */
  isMatching = new Uint8Array(0)
  /** Deliveries that are out. */
  inFlight = new Int32Array(0)
  /** Delayed records. At limit 1 they keep a slot, for strict order. */
  delayed = new Int32Array(0)
  /** Records that `ParkedRecords` holds of it. */
  parkedCount = new Int32Array(0)
  /**
   * Parked records that are not in memory: how many, and the offset from which the log is to be
   * read for them.
   */
  spilledCount = new Int32Array(0)
  spilledFrom = new Float64Array(0)
  /** Next pool in the ready queue, or in the chain of free rows; else one of the words below. */
  next = new Int32Array(0)
  #index = new KeyIndex()
  #firstFree = none

  /**
   * The pool of the key `bytes[start, end)`, of the null key where `end` is -1; -1 where it is not active.
   */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#index.find(bytes, start, end)
  }

  /** Makes the row of the key that `find` has just missed. */
  insert(bytes: Uint8Array, start: number, end: number, rules: RuleTable): number {
    if (this.#firstFree === none) this.#grow()
    const pool = this.#firstFree
    this.#firstFree = this.next[pool]!
    this.next[pool] = notQueued
    this.spilledFrom[pool] = none
    this.bundle[pool] = none
    this.flags[pool] = 0
    rules.match(bytes, start, end)
    this.#applyMatch(pool, rules)
    this.isMatching[pool] = 1
    this.#index.insertMissed(pool, bytes, start, end)
    this.count++
    return pool
  }

  /** Frees the row; the pool must hold nothing. */
  remove(pool: number): void {
    this.#index.remove(pool)
    this.next[pool] = this.#firstFree
    this.#firstFree = pool
    this.limit[pool] = freeRow
    if (--this.count === 0 && this.limit.length > rowsKept) this.#shrink()
  }

  /** Whether one record more of the pool may be out, as far as the pool itself goes. */
  hasRoom(pool: number): boolean {
    const limit = this.limit[pool]!
    const holding = limit === 1 ? this.delayed[pool]! : 0
    return this.inFlight[pool]! + holding < limit && (this.flags[pool]! & stopped) === 0
  }

  /** The same, where its gates, too, have room for it: what is shared is kept for it. */
  mayGo(pool: number): boolean {
    return this.hasRoom(pool) && (this.bundle[pool] === none || this.hasFlag(pool, poolFlags.reserved))
  }

  hasFlag(pool: number, flag: number): boolean {
    return (this.flags[pool]! & flag) !== 0
  }

  setFlag(pool: number, flag: number, isSet: boolean): void {
    if (isSet) this.flags[pool]! |= flag
    else this.flags[pool]! &= ~flag
  }

  /** Parked records, in memory or not. */
  waitingOf(pool: number): number {
    return this.parkedCount[pool]! + this.spilledCount[pool]!
  }

  isActive(pool: number): boolean {
    return this.limit[pool] !== freeRow
  }

  /** The key as bytes, null for the null key. */
  keyOf(pool: number): Uint8Array | null {
    return this.#index.keyOf(pool)
  }

  /** For people: the key as text. */
  subjectOf(pool: number): string {
    return decoder.decode(this.keyOf(pool) ?? new Uint8Array(0))
  }

  /** Matches an active pool against other rules and another filter; the rules then say what it shares. */
  rematch(
    pool: number,
    { rules, filter }: { readonly rules: RuleTable; readonly filter: SubjectFilter },
  ): void {
    const key = this.keyOf(pool)
    const bytes = key ?? nullKey
    const end = key === null ? none : key.length
    rules.match(bytes, 0, end)
    this.#applyMatch(pool, rules)
    this.isMatching[pool] = filter.matches(bytes, 0, end) ? 1 : 0
  }

  /** Whether a filter, or what is paused, has this pool's key. */
  isIn(pool: number, filter: SubjectFilter): boolean {
    if (filter.isAll) return true
    const key = this.keyOf(pool)
    return key !== null && filter.matches(key, 0, key.length)
  }

  #applyMatch(pool: number, rules: RuleTable): void {
    this.limit[pool] = rules.matchedLimit
    this.rule[pool] = rules.matchedRule
    this.weight[pool] = Math.min(rules.matchedWeight, weightMax)
  }

  forEach(visit: (pool: number) => void): void {
    for (let pool = 0; pool < this.limit.length; pool++) if (this.isActive(pool)) visit(pool)
  }

  #grow(): void {
    const before = this.limit.length
    const size = Math.max(64, before * 2)
    this.#resize(size)
    this.limit.fill(freeRow, before)
    for (let row = before; row < size; row++) this.next[row] = row + 1 < size ? row + 1 : this.#firstFree
    this.#firstFree = before
  }

  /** What was needed for many pools is given back when the last of them is gone. */
  #shrink(): void {
    this.#resize(0)
    this.#firstFree = none
    this.#index = new KeyIndex()
  }

  #resize(size: number): void {
    this.limit = resized(this.limit, new Int32Array(size))
    this.rule = resized(this.rule, new Int32Array(size))
    this.weight = resized(this.weight, new Uint16Array(size))
    this.bundle = resized(this.bundle, new Int32Array(size))
    this.flags = resized(this.flags, new Uint8Array(size))
    this.isMatching = resized(this.isMatching, new Uint8Array(size))
    this.inFlight = resized(this.inFlight, new Int32Array(size))
    this.delayed = resized(this.delayed, new Int32Array(size))
    this.parkedCount = resized(this.parkedCount, new Int32Array(size))
    this.spilledCount = resized(this.spilledCount, new Int32Array(size))
    this.spilledFrom = resized(this.spilledFrom, new Float64Array(size))
    this.next = resized(this.next, new Int32Array(size))
  }
}

/** In `next`: the pool is in no queue. */
export const notQueued = -2
/** In `next`: the pool is in no queue until the bytes of its first record have been read. */
export const beingFetched = -3
/** In `next`: the pool waits at a gate of its bundle. */
export const waitingAtGate = -4
/** Bits of `flags`. */
export const poolFlags = {
  /** An operator paused it. */
  paused: 1,
  /** It has a record that an operator must decide on. */
  blocked: 2,
  /** A slot is kept for it at each gate of its bundle. */
  reserved: 4,
} as const
const stopped = poolFlags.paused | poolFlags.blocked
const weightMax = 0xffff
const freeRow = -1
/** Rows that an empty table keeps, for the next time. */
const rowsKept = 4096
