// Which offsets are settled: a floor below which all are, and exact bits above it.
// A block of 4096 offsets costs 512 bytes while it is mixed, and next to nothing when none or
// all are settled.

const blockOffsets = 4096
const blockWords = blockOffsets / 32

interface Block {
  readonly words: Int32Array
  settledCount: number
}

/** Stands for every block whose offsets are all settled. */
const fullBlock: Block = { words: new Int32Array(0), settledCount: blockOffsets }

export class SettledSet {
  /** Every offset below is settled; this one is not. */
  floor: number
  #blocks = new Map<number, Block>()
  /** The block that was asked for last, since neighbours are asked for together. */
  #recentIndex = -1
  #recent: Block | undefined

  constructor(floor = 0) {
    this.floor = floor
  }

  has(offset: number): boolean {
    if (offset < this.floor) return true
    const block = this.#blockOf(Math.floor(offset / blockOffsets))
    if (block === undefined) return false
    if (block === fullBlock) return true
    const bit = offset % blockOffsets
    return (block.words[bit >>> 5]! & (1 << (bit & 31))) !== 0
  }

  /** Returns false where it was settled already. */
  add(offset: number): boolean {
    if (this.has(offset)) return false
    if (offset === this.floor) {
      this.#raiseFloor(offset + 1)
      return true
    }
    this.#setBit(offset)
    return true
  }

  /** Settles all of `[start, end)`. */
  addRange(start: number, end: number): void {
    if (start <= this.floor) {
      if (end > this.floor) this.#raiseFloor(end)
      return
    }
    for (let offset = start; offset < end; offset++) {
      const isWholeBlock = offset % blockOffsets === 0 && end - offset >= blockOffsets
      if (isWholeBlock) {
        this.#put(offset / blockOffsets, fullBlock)
        offset += blockOffsets - 1
      } else if (!this.has(offset)) this.#setBit(offset)
    }
  }

  /** Forgets all at and above `end`: a log that lost its unsynced tail gives these offsets again. */
  truncate(end: number): void {
    if (this.floor > end) this.floor = end
    const kept: [number, number][] = []
    this.forEachRange((start, rangeEnd) => {
      if (start < end) kept.push([start, Math.min(rangeEnd, end)])
    })
    this.#blocks.clear()
    this.#recentIndex = -1
    for (const [start, rangeEnd] of kept) this.addRange(start, rangeEnd)
  }

  /** Calls back with every maximal settled range above the floor, in order. */
  forEachRange(visit: (start: number, end: number) => void): void {
    let start = -1
    let end = -1
    const extend = (from: number, to: number): void => {
      if (from === end) end = to
      else {
        if (start >= 0) visit(start, end)
        start = from
        end = to
      }
    }
    for (const index of [...this.#blocks.keys()].sort((a, b) => a - b)) {
      forEachRun(this.#blocks.get(index)!, index * blockOffsets, this.floor, extend)
    }
    if (start >= 0) visit(start, end)
  }

  /**
   * The ranges above the floor in pieces of about so many, flat: `[start, end, start, end, …]`. The set may
   * grow between pieces: then what has come since may be in them or not, and what is below the new floor is
   * not.
   */
  *pieces(rangesMax: number): Generator<number[]> {
    let piece: number[] = []
    for (const index of [...this.#blocks.keys()].sort((a, b) => a - b)) {
      const block = this.#blocks.get(index)
      if (block === undefined) continue
      forEachRun(block, index * blockOffsets, this.floor, (from, to) => {
        if (piece.at(-1) === from) piece[piece.length - 1] = to
        else piece.push(from, to)
      })
      if (piece.length < rangesMax * 2) continue
      yield piece
      piece = []
    }
    if (piece.length > 0) yield piece
  }

  get rangeCount(): number {
    let count = 0
    this.forEachRange(() => count++)
    return count
  }

  #setBit(offset: number): void {
    const index = Math.floor(offset / blockOffsets)
    let block = this.#blockOf(index)
    if (block === undefined) {
      block = { words: new Int32Array(blockWords), settledCount: 0 }
      this.#put(index, block)
      this.#fillBelowFloor(block, index)
    }
    const bit = offset % blockOffsets
    block.words[bit >>> 5]! |= 1 << (bit & 31)
    if (++block.settledCount === blockOffsets) this.#put(index, fullBlock)
  }

  /** The floor may stand inside a new block; what is below it counts as settled there too. */
  #fillBelowFloor(block: Block, index: number): void {
    const below = Math.min(this.floor - index * blockOffsets, blockOffsets)
    for (let bit = 0; bit < below; bit++) block.words[bit >>> 5]! |= 1 << (bit & 31)
    if (below > 0) block.settledCount = below
  }

  /** Moves the floor to `to` and on over everything that is settled from there. */
  #raiseFloor(to: number): void {
    if (this.#blocks.size === 0) {
      this.floor = to
      return
    }
    const firstBlock = Math.floor(this.floor / blockOffsets)
    let floor = to
    for (;;) {
      const index = Math.floor(floor / blockOffsets)
      const block = this.#blockOf(index)
      if (block === undefined) break
      const next = firstClear(block, floor % blockOffsets)
      floor = index * blockOffsets + next
      if (next < blockOffsets) break
    }
    this.floor = floor
    this.#dropBelow(firstBlock, Math.floor(floor / blockOffsets))
    this.#markBelowFloor()
  }

  #dropBelow(first: number, end: number): void {
    if (this.#blocks.size === 0 || first === end) return
    if (end - first < this.#blocks.size)
      for (let index = first; index < end; index++) this.#blocks.delete(index)
    else for (const index of this.#blocks.keys()) if (index < end) this.#blocks.delete(index)
    this.#recentIndex = -1
  }

  /** Keeps the floor's own block exact, so that it is found full when its last hole closes. */
  #markBelowFloor(): void {
    const index = Math.floor(this.floor / blockOffsets)
    const block = this.#blockOf(index)
    if (block === undefined || block === fullBlock) return
    const end = this.floor - index * blockOffsets
    for (let bit = end - 1; bit >= 0; bit--) {
      const mask = 1 << (bit & 31)
      if ((block.words[bit >>> 5]! & mask) !== 0) break
      block.words[bit >>> 5]! |= mask
      block.settledCount++
    }
    if (block.settledCount === blockOffsets) this.#put(index, fullBlock)
  }

  #blockOf(index: number): Block | undefined {
    if (index === this.#recentIndex) return this.#recent
    this.#recentIndex = index
    return (this.#recent = this.#blocks.get(index))
  }

  #put(index: number, block: Block): void {
    this.#blocks.set(index, block)
    this.#recentIndex = index
    this.#recent = block
  }
}

/** The first bit from `from` on that is clear; `blockOffsets` where there is none. */
function firstClear(block: Block, from: number): number {
  if (block === fullBlock) return blockOffsets
  let word = from >>> 5
  let settled = block.words[word]! | ((1 << (from & 31)) - 1)
  while (settled === -1) {
    if (++word === blockWords) return blockOffsets
    settled = block.words[word]!
  }
  const clear = ~settled
  return word * 32 + 31 - Math.clz32(clear & -clear)
}

function forEachRun(
  block: Block,
  base: number,
  floor: number,
  visit: (start: number, end: number) => void,
): void {
  if (block === fullBlock) return visit(Math.max(base, floor), base + blockOffsets)
  let runStart = -1
  for (let bit = Math.max(0, floor - base); bit <= blockOffsets; bit++) {
    const isSettled = bit < blockOffsets && (block.words[bit >>> 5]! & (1 << (bit & 31))) !== 0
    if (isSettled && runStart < 0) runStart = bit
    if (!isSettled && runStart >= 0) {
      visit(base + runStart, base + bit)
      runStart = -1
    }
  }
}
