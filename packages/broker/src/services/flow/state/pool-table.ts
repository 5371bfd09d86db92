// The active pools of one partition of one flow consumer, found by the bytes of their key.
//
// One row a pool, one array a column: a million active subjects are a dozen arrays, not a million objects.
// A row exists while the pool holds a record in flight, parked or delayed. The key is compared byte for
// byte; the hash only finds the candidate.

import { resized } from './columns.ts'
import { KeyIndex } from './key-index.ts'
import type { RuleTable, SubjectFilter } from './rule-table.ts'

const none = -1
const decoder = new TextDecoder()

export class PoolTable {
  /** Rows in use. */
  count = 0
  limit = new Int32Array(0)
  /** Index of the rule that gave the limit; -1: none matches. */
  rule = new Int32Array(0)
  /** 0: an altered filter no longer matches it, and what it still has parked is passed over. */
  isMatching = new Uint8Array(0)
  /** Deliveries that are out. */
  inFlight = new Int32Array(0)
  /** Delayed records, and those among them that keep a slot (strict order at limit 1). */
  delayed = new Int32Array(0)
  holding = new Int32Array(0)
  /** Ends and size of the queue in `ParkedQueues`. */
  parkedHead = new Int32Array(0)
  parkedTail = new Int32Array(0)
  parkedCount = new Int32Array(0)
  /**
   * Parked records that are not in memory: how many, and the offset from which the log is to be
   * read for them.
   */
  spilledCount = new Int32Array(0)
  spilledFrom = new Float64Array(0)
  /** Next pool in the ready queue, or in the chain of free rows; `notQueued` in neither. */
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
    this.parkedHead[pool] = this.parkedTail[pool] = none
    this.spilledFrom[pool] = none
    rules.match(bytes, start, end)
    this.limit[pool] = rules.matchedLimit
    this.rule[pool] = rules.matchedRule
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

  /** Whether one record more of the pool may be out. */
  hasRoom(pool: number): boolean {
    return this.inFlight[pool]! + this.holding[pool]! < this.limit[pool]!
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

  /** Matches every active pool against other rules and another filter. */
  applySettings({ rules, filter }: { readonly rules: RuleTable; readonly filter: SubjectFilter }): void {
    this.forEach((pool) => {
      const key = this.keyOf(pool)
      const bytes = key ?? new Uint8Array(0)
      const end = key === null ? -1 : key.length
      rules.match(bytes, 0, end)
      this.limit[pool] = rules.matchedLimit
      this.rule[pool] = rules.matchedRule
      this.isMatching[pool] = filter.matches(bytes, 0, end) ? 1 : 0
    })
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
    this.isMatching = resized(this.isMatching, new Uint8Array(size))
    this.inFlight = resized(this.inFlight, new Int32Array(size))
    this.delayed = resized(this.delayed, new Int32Array(size))
    this.holding = resized(this.holding, new Int32Array(size))
    this.parkedHead = resized(this.parkedHead, new Int32Array(size))
    this.parkedTail = resized(this.parkedTail, new Int32Array(size))
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
const freeRow = -1
/** Rows that an empty table keeps, for the next time. */
const rowsKept = 4096
