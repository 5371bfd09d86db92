// The bytes of many short keys in a few large buffers: no object per key, no work for the garbage collector.
//
// A key stands in as many granules of 16 bytes as it needs, behind its size (u8). What a removed key
// leaves is chained, by its number of granules, for the next key of that size. Keys beyond `smallMax` are
// kept one by one.

const granuleBytes = 16
/** Small, since a consumer of few subjects has a block, too. */
const blockBits = 13
const blockBytes = 1 << blockBits
/** Subjects have at most 255 bytes; only opaque keys are longer. What a size of one byte can say. */
const smallMax = 255
const sizeBytes = 1
const granulesMax = (sizeBytes + smallMax) / granuleBytes
const none = -1

export class KeyArena {
  readonly #blocks: Uint8Array[] = []
  /** Where the last block has room, as an address over all blocks. */
  #end = 0
  /** First free place of each number of granules; the place holds the next. */
  readonly #free = new Int32Array(granulesMax + 1).fill(none)
  readonly #large = new Map<number, Uint8Array>()
  #lastLarge = none

  /** Keeps a copy of `bytes[start, end)`; returns where. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const size = end - start
    if (size > smallMax) return this.#addLarge(bytes.slice(start, end))
    const address = this.#allocate(granulesOf(size))
    const block = this.#blocks[address >>> blockBits]!
    const at = address & (blockBytes - 1)
    block[at] = size
    for (let index = 0; index < size; index++) block[at + sizeBytes + index] = bytes[start + index]!
    return address
  }

  remove(address: number): void {
    if (address < 0) {
      this.#large.delete(address)
      return
    }
    const granules = granulesOf(this.#sizeAt(address))
    this.#writeLink(address, this.#free[granules]!)
    this.#free[granules] = address
  }

  equals(address: number, bytes: Uint8Array, start: number, end: number): boolean {
    const size = end - start
    if (address < 0) return isSame(this.#large.get(address)!, 0, bytes.subarray(start, end))
    const block = this.#blocks[address >>> blockBits]!
    const at = address & (blockBytes - 1)
    if (block[at] !== size || size > smallMax) return false
    for (let index = 0; index < size; index++)
      if (block[at + sizeBytes + index] !== bytes[start + index]) return false
    return true
  }

  copyOf(address: number): Uint8Array {
    if (address < 0) return this.#large.get(address)!.slice()
    const at = (address & (blockBytes - 1)) + sizeBytes
    return this.#blocks[address >>> blockBits]!.slice(at, at + this.#sizeAt(address))
  }

  #addLarge(key: Uint8Array): number {
    this.#large.set(--this.#lastLarge, key)
    return this.#lastLarge
  }

  #allocate(granules: number): number {
    const free = this.#free[granules]!
    if (free !== none) {
      this.#free[granules] = this.#readLink(free)
      return free
    }
    const size = granules * granuleBytes
    const isBlockFull =
      (this.#end & (blockBytes - 1)) + size > blockBytes || this.#end === this.#blocks.length * blockBytes
    if (isBlockFull) this.#end = this.#blocks.push(new Uint8Array(blockBytes)) * blockBytes - blockBytes
    const address = this.#end
    this.#end += size
    return address
  }

  #sizeAt(address: number): number {
    return this.#blocks[address >>> blockBits]![address & (blockBytes - 1)]!
  }

  #writeLink(address: number, next: number): void {
    const block = this.#blocks[address >>> blockBits]!
    const at = address & (blockBytes - 1)
    block[at] = next >>> 24
    block[at + 1] = next >>> 16
    block[at + 2] = next >>> 8
    block[at + 3] = next
  }

  #readLink(address: number): number {
    const block = this.#blocks[address >>> blockBits]!
    const at = address & (blockBytes - 1)
    return (block[at]! << 24) | (block[at + 1]! << 16) | (block[at + 2]! << 8) | block[at + 3]!
  }
}

function granulesOf(size: number): number {
  return (sizeBytes + size + granuleBytes - 1) >>> 4
}

function isSame(key: Uint8Array, from: number, other: Uint8Array): boolean {
  if (key.length - from !== other.length) return false
  for (let index = 0; index < other.length; index++) if (key[from + index] !== other[index]) return false
  return true
}
