// The memory that decoded batches of all partitions share. What was used longest ago goes first.

/** What came from one read and goes together, since its batches share their memory. */
export interface CachedChunk {
  readonly sizeBytes: number
  /** The cache has let go of it: its owner must forget it. */
  evicted(): void
}

/** Bounds what a chunk costs beside its bytes, where batches are tiny. */
const chunksMax = 4096

export class RecordCache {
  readonly #bytesMax: number
  /** In the order of their last use. */
  readonly #chunks = new Set<CachedChunk>()
  #bytes = 0
  #latest: CachedChunk | undefined

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Keeps the chunk, however large, until others have been used after it. */
  add(chunk: CachedChunk): void {
    this.#chunks.add(chunk)
    this.#latest = chunk
    this.#bytes += chunk.sizeBytes
    for (const oldest of this.#chunks) {
      if (oldest === chunk || (this.#bytes <= this.#bytesMax && this.#chunks.size <= chunksMax)) break
      this.remove(oldest)
      oldest.evicted()
    }
  }

  used(chunk: CachedChunk): void {
    if (chunk === this.#latest) return
    this.#chunks.delete(chunk)
    this.#chunks.add(chunk)
    this.#latest = chunk
  }

  remove(chunk: CachedChunk): void {
    if (this.#chunks.delete(chunk)) this.#bytes -= chunk.sizeBytes
  }
}
