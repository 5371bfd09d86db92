// What each member holds: a chain of slots for each, so that a member that leaves costs what it held
// and no more.

import { resized } from './columns.ts'

const none = -1

export class HeldLists {
  /** First slot by member; a member that holds nothing has no entry. */
  readonly #first = new Map<number, number>()
  #next = new Int32Array(0)
  #previous = new Int32Array(0)

  add(member: number, slot: number): void {
    const first = this.#first.get(member) ?? none
    this.#next[slot] = first
    this.#previous[slot] = none
    if (first !== none) this.#previous[first] = slot
    this.#first.set(member, slot)
  }

  remove(member: number, slot: number): void {
    const before = this.#previous[slot]!
    const after = this.#next[slot]!
    if (after !== none) this.#previous[after] = before
    if (before !== none) this.#next[before] = after
    else if (after !== none) this.#first.set(member, after)
    else this.#first.delete(member)
  }

  /** Latest first, at most so many. */
  slotsOf(member: number, countMax = Infinity): number[] {
    const slots: number[] = []
    let slot = this.#first.get(member) ?? none
    for (; slot !== none && slots.length < countMax; slot = this.#next[slot]!) slots.push(slot)
    return slots
  }

  /** What the holder of a slot got before it, latest first. */
  earlierThan(slot: number): number[] {
    const slots: number[] = []
    for (let at = this.#next[slot]!; at !== none; at = this.#next[at]!) slots.push(at)
    return slots
  }

  resize(size: number): void {
    this.#next = resized(this.#next, new Int32Array(size))
    this.#previous = resized(this.#previous, new Int32Array(size))
  }
}
