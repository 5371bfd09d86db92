// Records whose last attempt failed and that wait for an operator (`onExhausted: 'block'`). Their pool is not
// delivered meanwhile; other pools go on, since a blocked record takes no slot of anything.

import { poolFlags } from './pool-table.ts'
import type { PoolTable } from './pool-table.ts'

export class BlockedRecords {
  /** Over all pools. */
  count = 0
  readonly #pools: PoolTable
  /** By pool, in the order in which they came. */
  readonly #byPool = new Map<number, number[]>()

  constructor(pools: PoolTable) {
    this.#pools = pools
  }

  add(pool: number, offset: number): void {
    const offsets = this.#byPool.get(pool)
    if (offsets === undefined) this.#byPool.set(pool, [offset])
    else offsets.push(offset)
    this.#pools.setFlag(pool, poolFlags.blocked, true)
    this.count++
  }

  /** Those that have such records. */
  get pools(): IterableIterator<number> {
    return this.#byPool.keys()
  }

  /** Rising; borrowed until the next change. */
  offsetsOf(pool: number): readonly number[] {
    return this.#byPool.get(pool)?.sort((a, b) => a - b) ?? []
  }

  /** Takes out the records of a pool that `isGone` says so of; returns them. */
  take(pool: number, isGone: (offset: number) => boolean = () => true): number[] {
    const offsets = this.offsetsOf(pool)
    const taken = offsets.filter(isGone)
    if (taken.length === 0) return taken
    const kept = offsets.filter((offset) => !isGone(offset))
    if (kept.length > 0) this.#byPool.set(pool, kept)
    else this.#byPool.delete(pool)
    this.#pools.setFlag(pool, poolFlags.blocked, kept.length > 0)
    this.count -= taken.length
    return taken
  }

  forEach(visit: (pool: number, offset: number) => void): void {
    for (const [pool, offsets] of this.#byPool) for (const offset of offsets) visit(pool, offset)
  }
}
