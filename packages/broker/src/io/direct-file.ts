// A file that is read and written past the page cache, as a `File` like any other: it makes whole aligned
// blocks out of what is asked. The disk has the last block filled up with zeros, until `trim`:
//
//   |  block  |  block  | written 00000 |
//                               ^ size  ^ what the disk has
//
// Who appends writes the last block again with more in it; what was in it before is the same, so that a power
// loss in between leaves either. Must never let the zeros count as written: a crash leaves them behind, and
// recovery cuts zeros.

import { alignedBytes, anyMemory } from './aligned-memory.ts'
import type { BlockMemory, File } from './io.ts'

/** What disks and file systems ask of position, size and memory, or a multiple of it. */
export const blockBytes = 4096

const noBytes = new Uint8Array(0)

export class DirectFile implements File {
  readonly isDirect = true
  readonly #raw: File
  readonly #memory: BlockMemory
  /** What was written, without the zeros. */
  #size: number
  /** The disk may have more than `#size`. */
  #isPadded = false
  /** The last block as it is on disk, where `#size` lies within one and nobody else knows better. */
  readonly #lastBlock = new Uint8Array(blockBytes)
  #lastBlockAt = -1

  /** `raw` takes whole blocks only; nobody else writes to the file meanwhile. */
  static async over(raw: File): Promise<DirectFile> {
    return new DirectFile(raw, await raw.size())
  }

  private constructor(raw: File, size: number) {
    this.#raw = raw
    this.#memory = raw.blockMemory ?? anyMemory
    this.#size = size
  }

  get path(): string {
    return this.#raw.path
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    if (position >= this.#size) return this.#raw.read(noBytes, 0)
    const end = Math.min(position + target.length, this.#size)
    let at = position
    while (at < end) {
      const start = floorToBlock(at)
      const size = Math.min(alignedBytes, ceilToBlock(end) - start)
      const count = await this.#withMemory(size, async (memory) => {
        const read = await this.#raw.read(memory, start)
        const usable = Math.min(start + read, end)
        if (usable > at) target.set(memory.subarray(at - start, usable - start), at - position)
        return usable - at
      })
      // Why: the file may have become shorter meanwhile.
      if (count <= 0) break
      at += count
    }
    return Math.max(0, at - position)
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    const source = new ByteSource(buffers)
    const end = position + source.sizeBytes
    if (end === position) return
    const isBlockKnown = this.#lastBlockAt === floorToBlock(position)
    const head = isBlockKnown ? this.#lastBlock.slice() : undefined
    // Why at once: if this fails, nobody knows what is on the disk.
    this.#lastBlockAt = -1
    for (let at = position; at < end;) at = await this.#writePiece(source, at, end, head)
    if (end > this.#size) this.#isPadded = end % blockBytes !== 0
    this.#size = Math.max(this.#size, end)
  }

  sync(): Promise<void> {
    return this.#raw.sync()
  }

  async truncate(size: number): Promise<void> {
    this.#lastBlockAt = -1
    await this.#raw.truncate(size)
    this.#size = size
    this.#isPadded = false
  }

  async trim(): Promise<void> {
    if (!this.#isPadded) return
    await this.truncate(this.#size)
    await this.sync()
  }

  async size(): Promise<number> {
    await this.#raw.size()
    return this.#size
  }

  /** A file that is closed in order has its size; only after `trim` does that survive a power loss. */
  async close(): Promise<void> {
    try {
      if (this.#isPadded) await this.truncate(this.#size)
    } finally {
      await this.#raw.close()
    }
  }

  /** Writes as many blocks as fit into the memory, from the one that holds `at`; returns where it got to. */
  #writePiece(source: ByteSource, at: number, end: number, head: Uint8Array | undefined): Promise<number> {
    const start = floorToBlock(at)
    const pieceEnd = Math.min(end, start + alignedBytes)
    const blocksEnd = ceilToBlock(pieceEnd)
    return this.#withMemory(blocksEnd - start, async (memory) => {
      if (start < at) await this.#fillBlock(memory, 0, start, head)
      const hasRest = pieceEnd < blocksEnd && pieceEnd < this.#size
      const lastAt = blocksEnd - blockBytes
      if (hasRest && (lastAt > start || start === at)) await this.#fillBlock(memory, lastAt - start, lastAt)
      source.copyTo(memory, at - start, pieceEnd - start)
      if (!hasRest) memory.fill(0, pieceEnd - start, blocksEnd - start)
      await this.#raw.write([memory], start)
      if (pieceEnd < blocksEnd) this.#keepLastBlock(memory, lastAt - start, lastAt)
      return pieceEnd
    })
  }

  /** Brings in what the block at `position` has. */
  async #fillBlock(memory: Uint8Array, at: number, position: number, known?: Uint8Array): Promise<void> {
    const block = memory.subarray(at, at + blockBytes)
    if (known !== undefined) return block.set(known)
    const count = await this.#raw.read(block, position)
    block.fill(0, count)
  }

  #keepLastBlock(memory: Uint8Array, at: number, position: number): void {
    this.#lastBlock.set(memory.subarray(at, at + blockBytes))
    this.#lastBlockAt = position
  }

  async #withMemory<T>(sizeBytes: number, action: (memory: Uint8Array) => Promise<T>): Promise<T> {
    const memory = await this.#memory.lease(sizeBytes)
    try {
      return await action(memory)
    } finally {
      this.#memory.release(memory)
    }
  }
}

/** Several buffers, taken one after the other. */
class ByteSource {
  readonly #buffers: readonly Uint8Array[]
  readonly sizeBytes: number
  #index = 0
  /** How much of the buffer at `#index` is taken. */
  #taken = 0

  constructor(buffers: readonly Uint8Array[]) {
    this.#buffers = buffers
    this.sizeBytes = buffers.reduce((sum, { length }) => sum + length, 0)
  }

  /** Fills `target[start, end)` with what comes next. */
  copyTo(target: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end;) {
      const buffer = this.#buffers[this.#index]!
      const count = Math.min(buffer.length - this.#taken, end - at)
      const isWhole = count === buffer.length
      target.set(isWhole ? buffer : buffer.subarray(this.#taken, this.#taken + count), at)
      at += count
      this.#taken += count
      if (this.#taken < buffer.length) continue
      this.#index++
      this.#taken = 0
    }
  }
}

function floorToBlock(position: number): number {
  return position - (position % blockBytes)
}

function ceilToBlock(position: number): number {
  return floorToBlock(position + blockBytes - 1)
}
