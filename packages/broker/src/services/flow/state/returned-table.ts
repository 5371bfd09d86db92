// Parked records that came back to a place far from the front of their queue: a heap of offsets for each pool
// that has some. Why: a member may return a hundred thousand records of one subject in any order, and a walk
// along the queue for each of them would stop the broker for minutes.
// Must never hold anything for a pool that has no such record.

export class ReturnedTable {
  /** Over all pools. */
  count = 0
  readonly #heaps = new Map<number, number[]>()

  add(pool: number, offset: number): void {
    this.count++
    const heap = this.#heaps.get(pool)
    if (heap === undefined) this.#heaps.set(pool, [offset])
    else raise(heap, offset)
  }

  /** The lowest offset of the pool; Infinity where it has none. */
  firstOf(pool: number): number {
    return this.#heaps.get(pool)?.[0] ?? Infinity
  }

  /** Removes the lowest offset of the pool, which must have one. */
  take(pool: number): number {
    const heap = this.#heaps.get(pool)!
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) this.#heaps.delete(pool)
    else sink(heap, last)
    this.count--
    return first
  }

  /** Takes out the offsets of a pool that `isGone` says so of; returns how many. */
  removeWhere(pool: number, isGone: (offset: number) => boolean): number {
    const heap = this.#heaps.get(pool)
    if (heap === undefined) return 0
    const kept = heap.filter((offset) => !isGone(offset)).sort((a, b) => a - b)
    // A rising array is a heap.
    if (kept.length === 0) this.#heaps.delete(pool)
    else this.#heaps.set(pool, kept)
    this.count -= heap.length - kept.length
    return heap.length - kept.length
  }

  /** All offsets of the pool, in no order. */
  offsetsOf(pool: number): readonly number[] {
    return this.#heaps.get(pool) ?? []
  }
}

/** Adds an offset at the end and moves it up to its place. */
function raise(heap: number[], offset: number): void {
  let at = heap.push(offset) - 1
  while (at > 0) {
    const parent = (at - 1) >>> 1
    if (heap[parent]! <= offset) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = offset
}

/** Puts an offset in the place of the first and moves it down to its own. */
function sink(heap: number[], offset: number): void {
  let at = 0
  for (;;) {
    let child = at * 2 + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++
    if (heap[child]! >= offset) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = offset
}
