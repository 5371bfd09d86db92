// One direction of a simulated connection: bytes written, taken by the sender's system, delivered
// to the reader.

import type { SimRandom } from './sim-random.ts'

/** How the bytes of a connection are cut into chunks on arrival. */
export type Chunking = 'seeded' | 'whole' | 'bytes'

/**
 * A connection that delivers tiny chunks does so this many times, then larger ones: enough to
 * split any frame.
 */
const tinyChunksMax = 300

interface Written {
  readonly bytes: Uint8Array
  readonly taken: (() => void) | undefined
}

/** Invariant: acknowledged <= delivered <= flushed <= written, and flushed <= acknowledged + window. */
export class SimPipe {
  readonly #random: SimRandom
  readonly #windowBytes: number
  readonly #chunking: Chunking | 'splits' | 'tiny'
  readonly #chunks: Written[] = []
  #offset = 0
  #tinyChunks = 0
  #acknowledgedBytes = 0
  writtenBytes = 0
  flushedBytes = 0
  deliveredBytes = 0
  /** The sender writes no more; the reader hears of the end once it has everything. */
  isFinished = false
  /** The sender was told to stop, and not yet to go on. */
  isCongested = false

  constructor(random: SimRandom, chunking: Chunking) {
    this.#random = random
    this.#windowBytes = random.pick([4, 16, 64, 256]) * 1024
    this.#chunking =
      chunking === 'seeded' ? random.pick(['whole', 'whole', 'splits', 'splits', 'tiny']) : chunking
  }

  get pendingBytes(): number {
    return this.writtenBytes - this.flushedBytes
  }

  get underWayBytes(): number {
    return this.flushedBytes - this.deliveredBytes
  }

  get isDelivered(): boolean {
    return this.deliveredBytes === this.writtenBytes
  }

  /** The bytes are not copied: whoever changes them after writing changes what arrives. */
  write(bytes: Uint8Array, taken?: () => void): void {
    if (bytes.length === 0) return
    this.#chunks.push({ bytes, taken })
    this.writtenBytes += bytes.length
  }

  /** The sender's system takes what the window has room for; true when that is anything. */
  flush(isHearingReader: boolean): boolean {
    if (isHearingReader) this.#acknowledgedBytes = this.deliveredBytes
    const flushed = Math.min(this.writtenBytes, this.#acknowledgedBytes + this.#windowBytes)
    if (flushed <= this.flushedBytes) return false
    this.flushedBytes = flushed
    return true
  }

  /** What was not flushed is lost, what was may still arrive. */
  dropPending(): void {
    this.writtenBytes = this.flushedBytes
  }

  /** The next chunk to arrive, in a new buffer. */
  take(): Uint8Array {
    const chunk = Buffer.allocUnsafe(this.#chunkLength(this.underWayBytes))
    let filled = 0
    while (filled < chunk.length) {
      const { bytes: first, taken } = this.#chunks[0]
      const count = Math.min(first.length - this.#offset, chunk.length - filled)
      chunk.set(first.subarray(this.#offset, this.#offset + count), filled)
      filled += count
      this.#offset += count
      if (this.#offset < first.length) continue
      this.#chunks.shift()
      this.#offset = 0
      taken?.()
    }
    this.deliveredBytes += chunk.length
    return chunk
  }

  #chunkLength(available: number): number {
    if (this.#chunking === 'whole') return available
    if (this.#chunking === 'bytes') return 1
    if (this.#chunking === 'tiny' && this.#tinyChunks < tinyChunksMax) {
      this.#tinyChunks += 1
      return Math.min(available, this.#random.int(1, 16))
    }
    return this.#random.chance(0.3) ? available : this.#random.int(1, available)
  }
}
