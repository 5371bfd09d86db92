// The newest offset of each key, in memory of a fixed size: 24 bytes for each key that fits, which stand in
// two arrays, found by open addressing. A key is its 128 bit hash.
//
//   hashes   u32 × 4 of each slot
//   places   f64 of each slot: the offset + 1; 0 is an empty slot
//
// Never grows. Who fills it has to stop when it is full, and to come again for the rest.

import type { KeyHash } from './key-hash.ts'

const slotBytes = 24
/** Beyond this share of full slots, finding a key takes ever more steps. */
const loadMax = 0.85
const slotsMin = 16

export class OffsetMap {
  readonly #hash: KeyHash
  readonly #slots: number
  readonly #keysMax: number
  readonly #hashes: Uint32Array
  readonly #places: Float64Array
  #keys = 0

  /** What a map for so many keys takes, where it must not take more than `bytesMax`. */
  static bytesFor(bytesMax: number, keys: number): number {
    const needed = Math.ceil(keys / loadMax) + 1
    return Math.max(slotsMin, Math.min(Math.floor(bytesMax / slotBytes), needed)) * slotBytes
  }

  /** Takes no more than `bytesMax`, and no more than so many keys need. */
  constructor(hash: KeyHash, bytesMax: number, keysNeeded: number) {
    this.#hash = hash
    this.#slots = OffsetMap.bytesFor(bytesMax, keysNeeded) / slotBytes
    this.#keysMax = Math.floor(this.#slots * loadMax)
    this.#hashes = new Uint32Array(this.#slots * 4)
    this.#places = new Float64Array(this.#slots)
  }

  get sizeBytes(): number {
    return this.#slots * slotBytes
  }

  /** False where the key is new and there is no room; offsets of one key only rise. */
  set(bytes: Uint8Array, start: number, end: number, offset: number): boolean {
    const slot = this.#slotOf(bytes, start, end)
    if (this.#places[slot] === 0) {
      if (this.#keys === this.#keysMax) return false
      this.#keys++
      const { a, b, c, d } = this.#hash
      const at = slot * 4
      this.#hashes[at] = a
      this.#hashes[at + 1] = b
      this.#hashes[at + 2] = c
      this.#hashes[at + 3] = d
    }
    this.#places[slot] = offset + 1
    return true
  }

  /** -1 where the key was never set. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#keys === 0 ? -1 : this.#places[this.#slotOf(bytes, start, end)]! - 1
  }

  clear(): void {
    this.#places.fill(0)
    this.#keys = 0
  }

  /** Where the key is, or would be. */
  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    const hash = this.#hash
    hash.compute(bytes, start, end)
    const { a, b, c, d } = hash
    const hashes = this.#hashes
    for (let slot = a % this.#slots; ; slot = slot + 1 === this.#slots ? 0 : slot + 1) {
      if (this.#places[slot] === 0) return slot
      const at = slot * 4
      if (hashes[at] === a && hashes[at + 1] === b && hashes[at + 2] === c && hashes[at + 3] === d)
        return slot
    }
  }
}
