// Rows of a table with a time for each entry, soonest first: a binary heap. A row may have several entries;
// whoever takes one decides whether it still means anything.

export class TimeHeap {
  readonly #dueMs: number[] = []
  readonly #row: number[] = []

  get count(): number {
    return this.#row.length
  }

  get nextDueMs(): number {
    return this.#dueMs[0] ?? Infinity
  }

  add(dueMs: number, row: number): void {
    let at = this.#row.push(row) - 1
    this.#dueMs.push(dueMs)
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (this.#dueMs[parent]! <= dueMs) break
      this.#put(at, this.#dueMs[parent]!, this.#row[parent]!)
      at = parent
    }
    this.#put(at, dueMs, row)
  }

  /** Removes the soonest entry and returns its row; there must be one. */
  take(): number {
    const taken = this.#row[0]!
    const dueMs = this.#dueMs.pop()!
    const row = this.#row.pop()!
    if (this.#row.length > 0) this.#sink(dueMs, row)
    return taken
  }

  #sink(dueMs: number, row: number): void {
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= this.#row.length) break
      if (child + 1 < this.#row.length && this.#dueMs[child + 1]! < this.#dueMs[child]!) child++
      if (this.#dueMs[child]! >= dueMs) break
      this.#put(at, this.#dueMs[child]!, this.#row[child]!)
      at = child
    }
    this.#put(at, dueMs, row)
  }

  #put(at: number, dueMs: number, row: number): void {
    this.#dueMs[at] = dueMs
    this.#row[at] = row
  }
}
