// Parked records beyond what is held in memory. Of each pool only their number is known, and the offset
// from which the log is to be read again for them. A pool starves when all that it has parked is spilled and
// it has room, or when an operator wants its records gone.

import type { PoolTable } from './pool-table.ts'

const none = -1

/** What is to be settled, instead of parked, as it is read again. */
interface Drain {
  /** Records below this offset. */
  before: number
  /** How many are still to come. */
  left: number
}

export class SpilledRecords {
  /** Over all pools, as these count them. */
  #counted = 0
  /** Records among them that have left the log since; nobody knows whose they are until it is read again. */
  #gone = 0
  readonly #pools: PoolTable
  /** Pools that starved when they were looked at last; they are read for in turn. */
  readonly #starving = new Set<number>()
  readonly #drains = new Map<number, Drain>()

  constructor(pools: PoolTable) {
    this.#pools = pools
  }

  /** Records that are to be read again. */
  get count(): number {
    return this.#counted - this.#gone
  }

  /** Adds a record later than all of its pool. */
  add(pool: number, offset: number): void {
    const { spilledCount, spilledFrom } = this.#pools
    if (spilledCount[pool] === 0) spilledFrom[pool] = offset
    spilledCount[pool]!++
    this.#counted++
  }

  /** Whether an offset of a pool is, or would be, behind the first that is to be read again. */
  isAmong(pool: number, offset: number): boolean {
    return this.#pools.spilledCount[pool]! > 0 && offset >= this.#pools.spilledFrom[pool]!
  }

  /** Adds a record that `isAmong` those of its pool, so that it is found when these are read again. */
  addAmong(pool: number): void {
    this.#pools.spilledCount[pool]!++
    this.#counted++
  }

  /** One record has been read again, and the next of its pool comes after it. Whether it is to be settled. */
  readAgain(pool: number, offset: number): boolean {
    const drain = this.#drains.size === 0 ? undefined : this.#drains.get(pool)
    const isDrained = drain !== undefined && offset < drain.before
    if (isDrained) drain.left--
    this.#pools.spilledFrom[pool] = offset + 1
    this.#remove(pool, 1)
    return isDrained
  }

  /** So many have left the log. */
  left(count: number): void {
    this.#gone += count
  }

  /** Pools have spilled records, and all of them have left the log. */
  get areAllGone(): boolean {
    return this.#gone > 0 && this.#gone === this.#counted
  }

  /** Forgets what was not found of a pool; returns how many of these nobody has taken out of the log. */
  forget(pool: number): number {
    const missing = this.#pools.spilledCount[pool]!
    const gone = Math.min(missing, this.#gone)
    this.#gone -= gone
    this.#remove(pool, missing)
    return missing - gone
  }

  /** What a pool has spilled by now is to be settled when it is read again; returns how many are new. */
  drain(pool: number, before: number): number {
    const count = this.#pools.spilledCount[pool]!
    if (count === 0) return 0
    const known = this.#drains.get(pool)?.left ?? 0
    this.#drains.set(pool, { before, left: count })
    this.noteStarving(pool)
    return count - known
  }

  get isDraining(): boolean {
    return this.#drains.size > 0
  }

  isStarving(pool: number): boolean {
    const { spilledCount, parkedCount } = this.#pools
    if (spilledCount[pool] === 0) return false
    // Why whatever is parked: that may be paused, and the operator waits.
    if (this.#drains.size > 0 && this.#drains.has(pool)) return true
    return parkedCount[pool] === 0 && this.#pools.mayGo(pool)
  }

  /** To be called when a pool may have begun to starve. */
  noteStarving(pool: number): void {
    if (this.isStarving(pool)) this.#starving.add(pool)
  }

  /** The starving pool whose turn it is; -1 where none starves. */
  nextStarving(): number {
    for (const pool of this.#starving) {
      if (this.isStarving(pool)) return pool
      this.#starving.delete(pool)
    }
    return none
  }

  /** The log was read up to `end` for a pool, whose turn is over. Whether it must go on later. */
  turnOver(pool: number, end: number): boolean {
    this.#starving.delete(pool)
    const drain = this.#drains.get(pool)
    if (drain !== undefined && end >= drain.before) this.#drains.delete(pool)
    if (!this.isStarving(pool)) return false
    this.skipTo(pool, end)
    this.#starving.add(pool)
    return true
  }

  /** Nothing of a pool is below `offset` any more. */
  skipTo(pool: number, offset: number): void {
    const { spilledCount, spilledFrom } = this.#pools
    if (spilledCount[pool]! > 0) spilledFrom[pool] = Math.max(spilledFrom[pool]!, offset)
  }

  #remove(pool: number, count: number): void {
    const { spilledCount, spilledFrom } = this.#pools
    this.#counted -= count
    spilledCount[pool]! -= count
    if (spilledCount[pool]! > 0) return
    spilledFrom[pool] = none
    this.#drains.delete(pool)
  }
}
