// The memory that reads of segments share: buffers of one size, used again by the next read once their reader
// has said that it is done. Must never hand out a buffer that somebody may still look at: only `release` of
// the lease that holds it brings one back, once. Who never calls it leaves the buffer to the collector.

/** What a client reads at a time by default, and an index entry's worth before it. */
const lentBytes = 1024 * 1024 + 64 * 1024
/** A read of less gets a buffer of its own: it would waste more than it saves. */
const lentBytesMin = 128 * 1024
/** Buffers that wait for a reader: as many as may read at once without making new ones. */
const freeMax = 8

export interface ReadLease {
  /** As many bytes as wanted, with anything in them. */
  readonly bytes: Uint8Array
  /** Undefined where the bytes are the reader's to keep. Harmless when called again. */
  readonly release: (() => void) | undefined
}

export class ReadBuffers {
  readonly #free: Buffer[] = []

  /** How many buffers wait for a reader. */
  get freeCount(): number {
    return this.#free.length
  }

  /** `isLent`: the reader will say when it is done. */
  lease(sizeBytes: number, isLent: boolean): ReadLease {
    if (!isLent || sizeBytes < lentBytesMin || sizeBytes > lentBytes) {
      return { bytes: Buffer.allocUnsafeSlow(sizeBytes), release: undefined }
    }
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(lentBytes)
    let isHeld = true
    const release = (): void => {
      if (!isHeld) return
      isHeld = false
      if (this.#free.length < freeMax) this.#free.push(buffer)
    }
    return { bytes: buffer.subarray(0, sizeBytes), release }
  }
}
