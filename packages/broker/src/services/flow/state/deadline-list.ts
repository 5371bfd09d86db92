// Deliveries in the order of their deadlines: a chain of slots, so that setting and clearing
// one costs nothing.

import { resized } from './columns.ts'

const none = -1

export class DeadlineList {
  /** By slot: when its delivery is taken back; Infinity: never. */
  dueMs = new Float64Array(0)
  #next = new Int32Array(0)
  #previous = new Int32Array(0)
  #first = none
  #last = none

  /** The slot whose deadline comes first; -1 where none has one. */
  get first(): number {
    return this.#first
  }

  get nextDueMs(): number {
    return this.#first === none ? Infinity : this.dueMs[this.#first]!
  }

  /** Deadlines come in about the order in which they are set, so the place is near the end. */
  set(slot: number, dueMs: number): void {
    this.clear(slot)
    this.dueMs[slot] = dueMs
    if (dueMs === Infinity) return
    let before = this.#last
    while (before !== none && this.dueMs[before]! > dueMs) before = this.#previous[before]!
    const after = before === none ? this.#first : this.#next[before]!
    this.#previous[slot] = before
    this.#next[slot] = after
    if (before === none) this.#first = slot
    else this.#next[before] = slot
    if (after === none) this.#last = slot
    else this.#previous[after] = slot
  }

  clear(slot: number): void {
    if (this.dueMs[slot] === Infinity) return
    const before = this.#previous[slot]!
    const after = this.#next[slot]!
    if (before === none) this.#first = after
    else this.#next[before] = after
    if (after === none) this.#last = before
    else this.#previous[after] = before
    this.dueMs[slot] = Infinity
  }

  /** No deadline is to be later than this: the wait was lowered while records are out. */
  cap(dueMs: number): void {
    let slot = this.#last
    for (; slot !== none && this.dueMs[slot]! > dueMs; slot = this.#previous[slot]!) this.dueMs[slot] = dueMs
  }

  /** Makes room for more slots, or none; those that are new have no deadline. */
  resize(size: number): void {
    const before = this.dueMs.length
    this.dueMs = resized(this.dueMs, new Float64Array(size))
    if (size > before) this.dueMs.fill(Infinity, before)
    this.#next = resized(this.#next, new Int32Array(size))
    this.#previous = resized(this.#previous, new Int32Array(size))
  }
}
