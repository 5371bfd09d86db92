// The parked records of each pool that are held in memory, lowest offset first. Nearly all stand in queues;
// one that comes back far from the front, or whose offset does not fit, is in a heap of returned-table.ts.

import { ParkedQueues } from './parked-queues.ts'
import type { PoolTable } from './pool-table.ts'
import { ReturnedTable } from './returned-table.ts'

const none = -1
/** Records that one which comes back may pass on its way to its place in the queue. */
const passedMax = 64

export class ParkedRecords {
  readonly #pools: PoolTable
  readonly #queues = new ParkedQueues()
  readonly #returned = new ReturnedTable()

  constructor(pools: PoolTable) {
    this.#pools = pools
  }

  /** Over all pools. */
  get count(): number {
    return this.#queues.count + this.#returned.count
  }

  /** Adds a record later than all of its pool. */
  append(pool: number, offset: number): void {
    const { parkedHead, parkedTail, parkedCount } = this.#pools
    parkedCount[pool]!++
    if (!this.#queues.fits(offset)) return this.#returned.add(pool, offset)
    const node = this.#queues.allocate(offset)
    if (parkedHead[pool] === none) parkedHead[pool] = node
    else this.#queues.link(parkedTail[pool]!, node)
    parkedTail[pool] = node
  }

  /** Puts a record back in its place. */
  insert(pool: number, offset: number): void {
    this.#pools.parkedCount[pool]!++
    if (!this.#queues.fits(offset) || !this.#linkNearFront(pool, offset)) this.#returned.add(pool, offset)
  }

  /** Lowest offset of a pool that has parked records. */
  firstOf(pool: number): number {
    const node = this.#pools.parkedHead[pool]!
    const queued = node === none ? Infinity : this.#queues.offsetOf(node)
    return this.#returned.count === 0 ? queued : Math.min(queued, this.#returned.firstOf(pool))
  }

  /** Takes the record with the lowest offset out; returns its offset. */
  takeFirst(pool: number): number {
    const { parkedHead, parkedTail, parkedCount } = this.#pools
    parkedCount[pool]!--
    const node = parkedHead[pool]!
    const offset = node === none ? Infinity : this.#queues.offsetOf(node)
    if (this.#returned.count > 0 && this.#returned.firstOf(pool) < offset) return this.#returned.take(pool)
    parkedHead[pool] = this.#queues.nextOf(node)
    if (parkedHead[pool] === none) parkedTail[pool] = none
    this.#queues.free(node)
    return offset
  }

  /** Calls back with the offsets of a pool, rising. */
  forEach(pool: number, visit: (offset: number) => void): void {
    const returned = this.#returned.offsetsOf(pool).toSorted((a, b) => a - b)
    let next = 0
    let node = this.#pools.parkedHead[pool]!
    for (; node !== none; node = this.#queues.nextOf(node)) {
      const offset = this.#queues.offsetOf(node)
      while (next < returned.length && returned[next]! < offset) visit(returned[next++]!)
      visit(offset)
    }
    while (next < returned.length) visit(returned[next++]!)
  }

  /** Takes out the records below `end` that `isGone` says so of, in any order; at the cost of a walk to there. */
  removeWhere(pool: number, end: number, isGone: (offset: number) => boolean): void {
    const { parkedHead, parkedTail, parkedCount } = this.#pools
    parkedCount[pool]! -= this.#returned.removeWhere(pool, (offset) => offset < end && isGone(offset))
    let before = none
    for (let node = parkedHead[pool]!; node !== none && this.#queues.offsetOf(node) < end;) {
      const next = this.#queues.nextOf(node)
      if (isGone(this.#queues.offsetOf(node))) {
        if (before === none) parkedHead[pool] = next
        else this.#queues.link(before, next)
        if (next === none) parkedTail[pool] = before
        this.#queues.free(node)
        parkedCount[pool]!--
      } else before = node
      node = next
    }
  }

  /** The place is the front, but for records of a limit above 1; false where it is far from there. */
  #linkNearFront(pool: number, offset: number): boolean {
    const { parkedHead, parkedTail } = this.#pools
    let before = none
    let after = parkedHead[pool]!
    for (let passed = 0; after !== none && this.#queues.offsetOf(after) < offset; passed++) {
      if (passed === passedMax) return false
      before = after
      after = this.#queues.nextOf(after)
    }
    const node = this.#queues.allocate(offset)
    this.#queues.link(node, after)
    if (before === none) parkedHead[pool] = node
    else this.#queues.link(before, node)
    if (after === none) parkedTail[pool] = node
    return true
  }
}
