// What is remembered of records that did not succeed at once: failed attempts, delays, and the verdict on
// those that are to become dead letters or wait for an operator. Only such records have a row; a settled one
// has none.

export interface Retry {
  /** Deliveries that failed and were counted. */
  readonly failures: number
  /** When it may be delivered again, in milliseconds since 1970; 0: at once. What a restart goes by. */
  readonly dueWallMs: number
  /** The whole wait: whatever the wall clock says after a restart, there is no more of it left. */
  readonly waitMs: number
  /** Why it is not delivered again; absent while it may be. */
  readonly verdict?: Verdict
}

export interface Verdict {
  /** `blocked` waits for an operator; the others are to become dead letters. */
  readonly reason: 'rejected' | 'max-deliver' | 'blocked'
  /** The words of the worker that rejected it, or of the last failure. */
  readonly text: string
}

export class RetryTable {
  readonly #byOffset = new Map<number, Retry>()

  get count(): number {
    return this.#byOffset.size
  }

  find(offset: number): Retry | undefined {
    return this.#byOffset.size === 0 ? undefined : this.#byOffset.get(offset)
  }

  failuresOf(offset: number): number {
    return this.#byOffset.size === 0 ? 0 : (this.#byOffset.get(offset)?.failures ?? 0)
  }

  set(offset: number, retry: Retry): void {
    this.#byOffset.set(offset, retry)
  }

  remove(offset: number): void {
    if (this.#byOffset.size > 0) this.#byOffset.delete(offset)
  }

  /** Forgets all of `[start, end)`, at the cost of the smaller of the range and the table. */
  removeRange(start: number, end: number): void {
    if (end - start < this.#byOffset.size) {
      for (let offset = start; offset < end; offset++) this.#byOffset.delete(offset)
    } else {
      for (const offset of this.#byOffset.keys())
        if (offset >= start && offset < end) this.#byOffset.delete(offset)
    }
  }

  /** Blocked by an operator's settings: neither delivered nor condemned. */
  isBlocked(offset: number): boolean {
    return this.find(offset)?.verdict?.reason === 'blocked'
  }

  /** Forgets all at and above an offset. */
  truncate(end: number): void {
    for (const offset of this.#byOffset.keys()) if (offset >= end) this.#byOffset.delete(offset)
  }

  entries(): IterableIterator<[number, Retry]> {
    return this.#byOffset.entries()
  }
}
