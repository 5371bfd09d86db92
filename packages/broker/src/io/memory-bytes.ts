// The bytes of one file held in memory: grows without copying what is already there.

const chunkBytes = 64 * 1024
const firstChunkBytes = 1024

/**
 * Chunks of 64 KiB, all full-size but the last, which doubles up to that: a large file never moves its bytes,
 * and a broker with ten thousand small index files does not pay 64 KiB for each. Invariant: bytes of a chunk
 * at or after `size` are garbage, so growing over them zeroes them.
 */
export class MemoryBytes {
  readonly #chunks: Uint8Array[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Fills `target` from `position`; returns how many bytes there were. */
  read(target: Uint8Array, position: number): number {
    const end = Math.min(this.#size, position + target.length)
    let at = position
    while (at < end) {
      const start = at % chunkBytes
      const count = Math.min(end - at, chunkBytes - start)
      const chunk = this.#chunks[(at - start) / chunkBytes]
      target.set(chunk.subarray(start, start + count), at - position)
      at += count
    }
    return Math.max(0, end - position)
  }

  /** Copies the bytes in; a gap between the old end and `position` reads as zeros. */
  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return
    if (position > this.#size) this.truncate(position)
    const end = position + bytes.length
    this.#reserve(end)
    let at = position
    while (at < end) {
      const start = at % chunkBytes
      const count = Math.min(end - at, chunkBytes - start)
      const from = at - position
      const part = count === bytes.length ? bytes : bytes.subarray(from, from + count)
      this.#chunks[(at - start) / chunkBytes].set(part, start)
      at += count
    }
    if (end > this.#size) this.#size = end
  }

  /** Cuts the end off, or adds zeros to it. */
  truncate(size: number): void {
    if (size < this.#size) this.#chunks.length = Math.ceil(size / chunkBytes)
    else {
      this.#reserve(size)
      this.#zero(this.#size, size)
    }
    this.#size = size
  }

  #zero(from: number, to: number): void {
    let at = from
    while (at < to) {
      const start = at % chunkBytes
      const count = Math.min(to - at, chunkBytes - start)
      this.#chunks[(at - start) / chunkBytes].fill(0, start, start + count)
      at += count
    }
  }

  #reserve(size: number): void {
    while (size > (this.#chunks.length - 1) * chunkBytes + this.#lastLength()) {
      const inLast = size - (this.#chunks.length - 1) * chunkBytes
      if (this.#chunks.length > 0 && this.#lastLength() < chunkBytes)
        this.#growLast(Math.min(inLast, chunkBytes))
      else this.#chunks.push(Buffer.allocUnsafeSlow(this.#chunks.length === 0 ? firstChunkBytes : chunkBytes))
    }
  }

  #growLast(needed: number): void {
    const last = this.#chunks[this.#chunks.length - 1]
    let length = last.length
    while (length < needed) length *= 2
    const grown = Buffer.allocUnsafeSlow(length)
    grown.set(last)
    this.#chunks[this.#chunks.length - 1] = grown
  }

  #lastLength(): number {
    return this.#chunks.length === 0 ? chunkBytes : this.#chunks[this.#chunks.length - 1].length
  }
}
