// The parked records of each pool that are held in memory, lowest offset first. Nearly all stand in queues;
// one that comes back far from the front, or whose offset does not fit, is in a heap of returned-table.ts.

import { resized } from './columns.ts'
import { ParkedQueues } from './parked-queues.ts'
import type { PoolTable } from './pool-table.ts'
import { ReturnedTable } from './returned-table.ts'

const none = -1
/** Records that one which comes back may pass on its way to its place in the queue. */
const passedMax = 64
/** Pools whose ends an empty table keeps, for the next time. */
const endsKept = 4096

export class ParkedRecords {
  readonly #pools: PoolTable
  readonly #queues = new ParkedQueues()
  readonly #returned = new ReturnedTable()
  /** By pool: the ends of its queue; -1: it has none. */
  #head = new Int32Array(0)
  #tail = new Int32Array(0)

  constructor(pools: PoolTable) {
    this.#pools = pools
  }

  /** Over all pools. */
  get count(): number {
    return this.#queues.count + this.#returned.count
  }

  /** Adds a record later than all of its pool. */
  append(pool: number, offset: number): void {
    const { parkedCount } = this.#pools
    parkedCount[pool]!++
    if (pool >= this.#head.length) this.#grow(pool)
    if (!this.#queues.fits(offset)) return this.#returned.add(pool, offset)
    const node = this.#queues.allocate(offset)
    if (this.#head[pool] === none) this.#head[pool] = node
    else this.#queues.link(this.#tail[pool]!, node)
    this.#tail[pool] = node
  }

  /** Puts a record back in its place. */
  insert(pool: number, offset: number): void {
    this.#pools.parkedCount[pool]!++
    if (pool >= this.#head.length) this.#grow(pool)
    if (!this.#queues.fits(offset) || !this.#linkNearFront(pool, offset)) this.#returned.add(pool, offset)
  }

  /** Lowest offset of a pool that has parked records. */
  firstOf(pool: number): number {
    const node = this.#headOf(pool)
    const queued = node === none ? Infinity : this.#queues.offsetOf(node)
    return this.#returned.count === 0 ? queued : Math.min(queued, this.#returned.firstOf(pool))
  }

  /** Takes the record with the lowest offset out; returns its offset. */
  takeFirst(pool: number): number {
    const { parkedCount } = this.#pools
    parkedCount[pool]!--
    const node = this.#head[pool]!
    const offset = node === none ? Infinity : this.#queues.offsetOf(node)
    if (this.#returned.count > 0 && this.#returned.firstOf(pool) < offset) return this.#returned.take(pool)
    this.#head[pool] = this.#queues.nextOf(node)
    if (this.#head[pool] === none) this.#tail[pool] = none
    this.#queues.free(node)
    if (this.count === 0 && this.#head.length > endsKept) this.#head = this.#tail = new Int32Array(0)
    return offset
  }

  /** Calls back with the offsets of a pool, rising. */
  forEach(pool: number, visit: (offset: number) => void): void {
    const returned = this.#returned.offsetsOf(pool).toSorted((a, b) => a - b)
    let next = 0
    let node = this.#headOf(pool)
    for (; node !== none; node = this.#queues.nextOf(node)) {
      const offset = this.#queues.offsetOf(node)
      while (next < returned.length && returned[next]! < offset) visit(returned[next++]!)
      visit(offset)
    }
    while (next < returned.length) visit(returned[next++]!)
  }

  /** Takes out the records below `end` that `isGone` says so of; at the cost of a walk to there. */
  removeWhere(pool: number, end: number, isGone: (offset: number) => boolean): void {
    const { parkedCount } = this.#pools
    parkedCount[pool]! -= this.#returned.removeWhere(pool, (offset) => offset < end && isGone(offset))
    let before = none
    for (let node = this.#headOf(pool); node !== none && this.#queues.offsetOf(node) < end;) {
      const next = this.#queues.nextOf(node)
      if (isGone(this.#queues.offsetOf(node))) {
        if (before === none) this.#head[pool] = next
        else this.#queues.link(before, next)
        if (next === none) this.#tail[pool] = before
        this.#queues.free(node)
        parkedCount[pool]!--
      } else before = node
      node = next
    }
  }

  /** The place is the front, but for records of a limit above 1; false where it is far from there. */
  #linkNearFront(pool: number, offset: number): boolean {
    let before = none
    let after = this.#head[pool]!
    for (let passed = 0; after !== none && this.#queues.offsetOf(after) < offset; passed++) {
      if (passed === passedMax) return false
      before = after
      after = this.#queues.nextOf(after)
    }
    const node = this.#queues.allocate(offset)
    this.#queues.link(node, after)
    if (before === none) this.#head[pool] = node
    else this.#queues.link(before, node)
    if (after === none) this.#tail[pool] = node
    return true
  }

  #headOf(pool: number): number {
    return pool < this.#head.length ? this.#head[pool]! : none
  }

  #grow(pool: number): void {
    const before = this.#head.length
    const size = Math.max(64, before * 2, pool + 1)
    this.#head = resized(this.#head, new Int32Array(size)).fill(none, before)
    this.#tail = resized(this.#tail, new Int32Array(size)).fill(none, before)
  }
}
