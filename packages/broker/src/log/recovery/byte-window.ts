// A sliding view of a file for scanning it from front to end: bytes are read in large pieces,
// each about once.

import type { File } from '../../io/io.ts'

const pieceBytes = 1024 * 1024

export class ByteWindow {
  /** Bytes of the file from `start` on. */
  bytes: Uint8Array = new Uint8Array(0)
  /** Position in the file of the first byte held. */
  start = 0
  /** Position in the file after the last byte held. */
  end = 0
  readonly sizeBytes: number
  readonly #file: File
  /** Used again by each piece that fits: a gigabyte is not to leave a gigabyte of garbage. */
  #room: Uint8Array = new Uint8Array(0)

  /** Looks at the first `sizeBytes` of the file, whatever grows behind them. */
  constructor(file: File, sizeBytes: number) {
    this.#file = file
    this.sizeBytes = sizeBytes
  }

  /** Whether `cover` has nothing to do: lets a loop go on without waiting. */
  covers(position: number, size: number): boolean {
    return position >= this.start && Math.min(position + size, this.sizeBytes) <= this.end
  }

  /** Makes `[position, position + size)` available, as far as the file goes. What was held is overwritten. */
  async cover(position: number, size: number): Promise<void> {
    if (this.covers(position, size)) return
    const wanted = Math.min(Math.max(size, pieceBytes), this.sizeBytes - position)
    if (this.#room.length < wanted) this.#room = new Uint8Array(wanted)
    const bytes = this.#room.subarray(0, wanted)
    // Why first: where the read fails, nobody knows what is in the bytes.
    this.end = this.start
    const count = await this.#file.read(bytes, position)
    // Why zeros: a file that is shorter than its size said reads as damage, never as an endless wait.
    bytes.fill(0, count)
    this.bytes = bytes
    this.start = position
    this.end = position + wanted
  }
}
