// The delayed records of one partition, soonest first: a binary heap over arrays.

export class DelayHeap {
  count = 0
  #dueMs = new Float64Array(16)
  #offset = new Float64Array(16)
  /** Pool · 2, plus 1 where the record keeps its slot. */
  #place = new Int32Array(16)
  /** What `take` took last. */
  takenOffset = 0
  takenPool = 0
  takenHolds = false

  add(dueMs: number, offset: number, pool: number, holds: boolean): void {
    if (this.count === this.#dueMs.length) this.#grow()
    let at = this.count++
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (this.#dueMs[parent]! <= dueMs) break
      this.#move(parent, at)
      at = parent
    }
    this.#set(at, dueMs, offset, pool * 2 + (holds ? 1 : 0))
  }

  get nextDueMs(): number {
    return this.count === 0 ? Infinity : this.#dueMs[0]!
  }

  /** Removes the soonest into the `taken…` fields. */
  take(): void {
    this.takenOffset = this.#offset[0]!
    this.takenPool = this.#place[0]! >> 1
    this.takenHolds = (this.#place[0]! & 1) === 1
    this.#sink(--this.count)
  }

  forEach(visit: (dueMs: number, offset: number, pool: number, holds: boolean) => void): void {
    for (let at = 0; at < this.count; at++) {
      const place = this.#place[at]!
      visit(this.#dueMs[at]!, this.#offset[at]!, place >> 1, (place & 1) === 1)
    }
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

  #set(at: number, dueMs: number, offset: number, place: number): void {
    this.#dueMs[at] = dueMs
    this.#offset[at] = offset
    this.#place[at] = place
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#dueMs[from]!, this.#offset[from]!, this.#place[from]!)
  }

  #grow(): void {
    const size = this.#dueMs.length * 2
    const dueMs = new Float64Array(size)
    const offset = new Float64Array(size)
    const place = new Int32Array(size)
    dueMs.set(this.#dueMs)
    offset.set(this.#offset)
    place.set(this.#place)
    this.#dueMs = dueMs
    this.#offset = offset
    this.#place = place
  }
}
