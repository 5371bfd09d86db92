// The records that are out: one row (slot) for each delivery, and a list of them in the order of their
// deadlines. A row is never looked up by what it holds: its token names the slot, and the sequence proves
// that it is the same.

import { resized } from './columns.ts'

const none = -1
/** Rows that an empty table keeps, for the next time. */
const rowsKept = 4096

export const deliveryPhases = {
  free: 0,
  /** With a member. */
  out: 1,
  /** Taken from its member and on its way to the dead-letter stream; keeps its slot. */
  deadLettering: 2,
} as const
export type DeliveryPhase = (typeof deliveryPhases)[keyof typeof deliveryPhases]

export class DeliveryTable {
  /** Rows that are not free. */
  count = 0
  phase = new Uint8Array(0)
  pool = new Int32Array(0)
  member = new Int32Array(0)
  attempt = new Int32Array(0)
  offset = new Float64Array(0)
  /** Never repeats within a boot epoch; 0 in a free row. */
  sequence = new Float64Array(0)
  sentMs = new Float64Array(0)
  /** When the delivery is taken back; Infinity: never. */
  deadlineMs = new Float64Array(0)
  #next = new Int32Array(0)
  #previous = new Int32Array(0)
  #first = none
  #last = none
  #firstFree = none
  #lastSequence = 0

  /**
   * Sequences go on from here. Why not from 0: a member may still hold tokens that an earlier boot, or a
   * deleted consumer of this name, gave out, and none of them may fit a delivery of now.
   */
  startSequence(last: number): void {
    this.#lastSequence = last
  }

  add(offset: number, pool: number, member: number, attempt: number): number {
    if (this.#firstFree === none) this.#grow()
    const slot = this.#firstFree
    this.#firstFree = this.#next[slot]!
    this.offset[slot] = offset
    this.pool[slot] = pool
    this.member[slot] = member
    this.attempt[slot] = attempt
    this.sequence[slot] = ++this.#lastSequence
    this.phase[slot] = deliveryPhases.out
    this.deadlineMs[slot] = Infinity
    this.#next[slot] = this.#previous[slot] = none
    this.count++
    return slot
  }

  remove(slot: number): void {
    this.clearDeadline(slot)
    this.phase[slot] = deliveryPhases.free
    this.sequence[slot] = 0
    this.#next[slot] = this.#firstFree
    this.#firstFree = slot
    if (--this.count === 0 && this.phase.length > rowsKept) this.#shrink()
  }

  /** Deadlines come in about the order in which they are set, so the place is near the end of the list. */
  setDeadline(slot: number, deadlineMs: number): void {
    this.clearDeadline(slot)
    this.deadlineMs[slot] = deadlineMs
    if (deadlineMs === Infinity) return
    let before = this.#last
    while (before !== none && this.deadlineMs[before]! > deadlineMs) before = this.#previous[before]!
    const after = before === none ? this.#first : this.#next[before]!
    this.#previous[slot] = before
    this.#next[slot] = after
    if (before === none) this.#first = slot
    else this.#next[before] = slot
    if (after === none) this.#last = slot
    else this.#previous[after] = slot
  }

  clearDeadline(slot: number): void {
    if (this.deadlineMs[slot] === Infinity) return
    const before = this.#previous[slot]!
    const after = this.#next[slot]!
    if (before === none) this.#first = after
    else this.#next[before] = after
    if (after === none) this.#last = before
    else this.#previous[after] = before
    this.deadlineMs[slot] = Infinity
  }

  /** The slot whose deadline comes first; -1 where none has one. */
  get firstDue(): number {
    return this.#first
  }

  get nextDeadlineMs(): number {
    return this.#first === none ? Infinity : this.deadlineMs[this.#first]!
  }

  /** No deadline is to be later than this: the wait was lowered while records are out. */
  capDeadlines(deadlineMs: number): void {
    for (
      let slot = this.#last;
      slot !== none && this.deadlineMs[slot]! > deadlineMs;
      slot = this.#previous[slot]!
    ) {
      this.deadlineMs[slot] = deadlineMs
    }
  }

  forEach(visit: (slot: number) => void): void {
    for (let slot = 0; slot < this.phase.length; slot++)
      if (this.phase[slot] !== deliveryPhases.free) visit(slot)
  }

  #grow(): void {
    const before = this.phase.length
    const size = Math.max(64, before * 2)
    this.#resize(size)
    for (let slot = before; slot < size; slot++) {
      this.deadlineMs[slot] = Infinity
      this.#next[slot] = slot + 1 < size ? slot + 1 : none
    }
    this.#firstFree = before
  }

  /** What was needed for many deliveries is given back when the last of them is gone. */
  #shrink(): void {
    this.#resize(0)
    this.#firstFree = none
  }

  #resize(size: number): void {
    this.phase = resized(this.phase, new Uint8Array(size))
    this.pool = resized(this.pool, new Int32Array(size))
    this.member = resized(this.member, new Int32Array(size))
    this.attempt = resized(this.attempt, new Int32Array(size))
    this.offset = resized(this.offset, new Float64Array(size))
    this.sequence = resized(this.sequence, new Float64Array(size))
    this.sentMs = resized(this.sentMs, new Float64Array(size))
    this.deadlineMs = resized(this.deadlineMs, new Float64Array(size))
    this.#next = resized(this.#next, new Int32Array(size))
    this.#previous = resized(this.#previous, new Int32Array(size))
  }
}
