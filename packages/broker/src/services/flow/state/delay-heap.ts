// The delayed records of one partition, soonest first: a binary heap over arrays.

export class DelayHeap {
  count = 0
  #dueMs = new Float64Array(16)
  #offset = new Float64Array(16)
  #pool = new Int32Array(16)
  /** What `take` took last. */
  takenOffset = 0
  takenPool = 0

  add(dueMs: number, offset: number, pool: number): void {
    if (this.count === this.#dueMs.length) this.#grow()
    let at = this.count++
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (this.#dueMs[parent]! <= dueMs) break
      this.#move(parent, at)
      at = parent
    }
    this.#set(at, dueMs, offset, pool)
  }

  get nextDueMs(): number {
    return this.count === 0 ? Infinity : this.#dueMs[0]!
  }

  /** Removes the soonest into the `taken…` fields. */
  take(): void {
    this.takenOffset = this.#offset[0]!
    this.takenPool = this.#pool[0]!
    this.#sink(--this.count)
  }

  forEach(visit: (dueMs: number, offset: number, pool: number) => void): void {
    for (let at = 0; at < this.count; at++) visit(this.#dueMs[at]!, this.#offset[at]!, this.#pool[at]!)
  }

  /** Takes out every record that `isGone` says so of; at the cost of a walk over all. */
  removeWhere(isGone: (offset: number, pool: number) => boolean): void {
    const before = this.count
    const [dueMs, offsets, pools] = [this.#dueMs, this.#offset, this.#pool].map((column) =>
      column.slice(0, before),
    )
    this.count = 0
    for (let at = 0; at < before; at++)
      if (!isGone(offsets![at]!, pools![at]!)) this.add(dueMs![at]!, offsets![at]!, pools![at]!)
  }

  /** Fills the root with the entry at `from`, which is beyond the end now. */
  #sink(from: number): void {
    const dueMs = this.#dueMs[from]!
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= this.count) break
      if (child + 1 < this.count && this.#dueMs[child + 1]! < this.#dueMs[child]!) child++
      if (this.#dueMs[child]! >= dueMs) break
      this.#move(child, at)
      at = child
    }
    this.#move(from, at)
  }

  #set(at: number, dueMs: number, offset: number, pool: number): void {
    this.#dueMs[at] = dueMs
    this.#offset[at] = offset
    this.#pool[at] = pool
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#dueMs[from]!, this.#offset[from]!, this.#pool[from]!)
  }

  #grow(): void {
    const size = this.#dueMs.length * 2
    const dueMs = new Float64Array(size)
    const offset = new Float64Array(size)
    const pool = new Int32Array(size)
    dueMs.set(this.#dueMs)
    offset.set(this.#offset)
    pool.set(this.#pool)
    this.#dueMs = dueMs
    this.#offset = offset
    this.#pool = pool
  }
}
