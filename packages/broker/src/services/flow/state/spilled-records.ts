// Parked records beyond what is held in memory. Of each pool only their number is known, and the offset
// from which the log is to be read again for them. A pool starves when it has room, and all that it has
// parked is spilled.

import type { PoolTable } from './pool-table.ts'

const none = -1

export class SpilledRecords {
  /** Over all pools. */
  count = 0
  readonly #pools: PoolTable
  /** Pools that starved when they were looked at last; they are read for in turn. */
  readonly #starving = new Set<number>()

  constructor(pools: PoolTable) {
    this.#pools = pools
  }

  /** Adds a record later than all of its pool. */
  add(pool: number, offset: number): void {
    const { spilledCount, spilledFrom } = this.#pools
    if (spilledCount[pool] === 0) spilledFrom[pool] = offset
    spilledCount[pool]!++
    this.count++
  }

  /** One record has been read again, and the next of its pool comes after it. */
  readAgain(pool: number, offset: number): void {
    this.#pools.spilledFrom[pool] = offset + 1
    this.#remove(pool, 1)
  }

  /** Forgets what a pool has spilled; returns how many records that was. */
  forget(pool: number): number {
    const lost = this.#pools.spilledCount[pool]!
    this.#remove(pool, lost)
    return lost
  }

  isStarving(pool: number): boolean {
    const { spilledCount, parkedCount } = this.#pools
    return spilledCount[pool]! > 0 && parkedCount[pool] === 0 && this.#pools.hasRoom(pool)
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
    if (!this.isStarving(pool)) return false
    const { spilledFrom } = this.#pools
    spilledFrom[pool] = Math.max(spilledFrom[pool]!, end)
    this.#starving.add(pool)
    return true
  }

  #remove(pool: number, count: number): void {
    const { spilledCount, spilledFrom } = this.#pools
    this.count -= count
    spilledCount[pool]! -= count
    if (spilledCount[pool] === 0) spilledFrom[pool] = none
  }
}
