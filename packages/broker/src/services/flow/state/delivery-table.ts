// The records that are out: one row (slot) for each delivery. A row is never looked up by what it holds: its
// token names the slot, and the sequence proves that it is the same.

import { resized } from './columns.ts'
import { DeadlineList } from './deadline-list.ts'
import { HeldLists } from './held-lists.ts'

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
  readonly deadlines = new DeadlineList()
  readonly held = new HeldLists()
  #nextFree = new Int32Array(0)
  #firstFree = none
  #lastSequence = 0

  /**
   * Sequences go on from here. Why not from 0: a member may still hold tokens that an earlier boot, or a
   * deleted consumer of this name, gave out, and none of them may fit a delivery of now.
   */
  startSequence(last: number): void {
    this.#lastSequence = last
  }

  /** `member` -1: nobody is to have it; it is condemned. */
  add(offset: number, pool: number, member: number, attempt: number): number {
    if (this.#firstFree === none) this.#grow()
    const slot = this.#firstFree
    this.#firstFree = this.#nextFree[slot]!
    this.offset[slot] = offset
    this.pool[slot] = pool
    this.member[slot] = member
    this.attempt[slot] = attempt
    this.sequence[slot] = ++this.#lastSequence
    this.phase[slot] = deliveryPhases.out
    if (member !== none) this.held.add(member, slot)
    this.count++
    return slot
  }

  remove(slot: number): void {
    this.takeFromMember(slot)
    this.phase[slot] = deliveryPhases.free
    this.sequence[slot] = 0
    this.#nextFree[slot] = this.#firstFree
    this.#firstFree = slot
    if (--this.count === 0 && this.phase.length > rowsKept) this.#shrink()
  }

  /** The member holds it no longer, and its deadline is off. */
  takeFromMember(slot: number): void {
    this.deadlines.clear(slot)
    if (this.member[slot] !== none) this.held.remove(this.member[slot]!, slot)
    this.member[slot] = none
  }

  /** No delivery that is out is to have a later deadline than this, or none. */
  capDeadlines(dueMs: number): void {
    this.deadlines.cap(dueMs)
    this.forEach((slot) => {
      const isUnbounded = this.deadlines.dueMs[slot] === Infinity
      if (isUnbounded && this.phase[slot] === deliveryPhases.out) this.deadlines.set(slot, dueMs)
    })
  }

  forEach(visit: (slot: number) => void): void {
    for (let slot = 0; slot < this.phase.length; slot++)
      if (this.phase[slot] !== deliveryPhases.free) visit(slot)
  }

  #grow(): void {
    const before = this.phase.length
    const size = Math.max(64, before * 2)
    this.#resize(size)
    for (let slot = before; slot < size; slot++) this.#nextFree[slot] = slot + 1 < size ? slot + 1 : none
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
    this.deadlines.resize(size)
    this.held.resize(size)
    this.#nextFree = resized(this.#nextFree, new Int32Array(size))
  }
}
