// Finds the pool of a key by the key's bytes. The hash finds the candidate, the bytes decide.

import { KeyArena } from './key-arena.ts'

const none = -1

/** Open addressing over the keys of a pool table; linear probing, at most half full, no tombstones. */
export class KeyIndex {
  readonly #arena = new KeyArena()
  /** By pool: where its key is, and the key's hash. */
  #address = new Int32Array(0)
  #hashOf = new Int32Array(0)
  /** Pool + 1; 0: empty. */
  #cells = new Int32Array(128)
  #hashes = new Int32Array(128)
  #used = 0
  #nullPool = none
  /** Where the last `find` ended without success. */
  #missedCell = 0
  #missedHash = 0

  /** The pool of the key `bytes[start, end)`, of the null key where `end` is -1; -1: there is none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (end < 0) return this.#nullPool
    const hash = hashKey(bytes, start, end)
    const mask = this.#cells.length - 1
    let cell = hash & mask
    for (; this.#cells[cell] !== 0; cell = (cell + 1) & mask) {
      const pool = this.#cells[cell]! - 1
      if (this.#hashes[cell] === hash && this.#isKey(pool, bytes, start, end)) return pool
    }
    this.#missedCell = cell
    this.#missedHash = hash
    return none
  }

  /** Adds the key that the last `find` missed. */
  insertMissed(pool: number, bytes: Uint8Array, start: number, end: number): void {
    if (end < 0) {
      this.#nullPool = pool
      return
    }
    if (pool >= this.#address.length) this.#growPools(pool)
    this.#address[pool] = this.#arena.add(bytes, start, end)
    this.#hashOf[pool] = this.#missedHash
    this.#cells[this.#missedCell] = pool + 1
    this.#hashes[this.#missedCell] = this.#missedHash
    if (++this.#used * 2 > this.#cells.length) this.#resize(this.#cells.length * 2)
  }

  /** A copy of the key; null for the null key. */
  keyOf(pool: number): Uint8Array | null {
    return pool === this.#nullPool ? null : this.#arena.copyOf(this.#address[pool]!)
  }

  remove(pool: number): void {
    if (pool === this.#nullPool) {
      this.#nullPool = none
      return
    }
    this.#arena.remove(this.#address[pool]!)
    this.#removeCell(this.#cellOf(pool))
    if (this.#cells.length > 4096 && this.#used * 16 < this.#cells.length)
      this.#resize(this.#cells.length / 4)
  }

  #removeCell(from: number): void {
    const mask = this.#cells.length - 1
    let hole = from
    // Why shift back: a probe that would stop at the hole must still find the keys behind it.
    for (let cell = (hole + 1) & mask; this.#cells[cell] !== 0; cell = (cell + 1) & mask) {
      const home = this.#hashes[cell]! & mask
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue
      this.#cells[hole] = this.#cells[cell]!
      this.#hashes[hole] = this.#hashes[cell]!
      hole = cell
    }
    this.#cells[hole] = 0
    this.#used--
  }

  #cellOf(pool: number): number {
    const mask = this.#cells.length - 1
    let cell = this.#hashOf[pool]! & mask
    while (this.#cells[cell] !== pool + 1) cell = (cell + 1) & mask
    return cell
  }

  #isKey(pool: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#arena.equals(this.#address[pool]!, bytes, start, end)
  }

  #growPools(pool: number): void {
    const size = Math.max(64, pool + 1, this.#address.length * 2)
    const address = new Int32Array(size)
    const hashOf = new Int32Array(size)
    address.set(this.#address)
    hashOf.set(this.#hashOf)
    this.#address = address
    this.#hashOf = hashOf
  }

  #resize(size: number): void {
    const cells = this.#cells
    const hashes = this.#hashes
    this.#cells = new Int32Array(size)
    this.#hashes = new Int32Array(size)
    const mask = size - 1
    for (let from = 0; from < cells.length; from++) {
      if (cells[from] === 0) continue
      let cell = hashes[from]! & mask
      while (this.#cells[cell] !== 0) cell = (cell + 1) & mask
      this.#cells[cell] = cells[from]!
      this.#hashes[cell] = hashes[from]!
    }
  }
}

/** FNV-1a with a final mix, since the low bits choose the cell. */
export function hashKey(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return mix(hash)
}

function mix(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return mixed ^ (mixed >>> 13)
}
