// Where decompressed bytes go: grows as they come, and never beyond the bound it was given.
// Must never allocate for what a header claims.

import { BrokerError } from '../../errors/broker-error.ts'

/** Runs shorter than this are copied byte by byte: a call takes longer. */
const callBytesMin = 24

export class GrowingOutput {
  bytes: Uint8Array
  position: number
  readonly #start: number
  readonly #bytesMax: number

  /** `start` bytes in front are left for the caller; they do not count against `bytesMax`. */
  constructor(start: number, expectedBytes: number, bytesMax: number) {
    this.bytes = new Uint8Array(start + Math.min(expectedBytes, bytesMax))
    this.position = start
    this.#start = start
    this.#bytesMax = bytesMax
  }

  /** What was written so far, with what was left in front. */
  take(): Uint8Array {
    const { bytes, position } = this
    // Why a copy: who keeps the bytes keeps the whole buffer.
    return bytes.length - position > position >>> 3 ? bytes.slice(0, position) : bytes.subarray(0, position)
  }

  /** `[start, end)` of others, which must be within them. */
  literal(from: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.#ensure(size)
    const { bytes } = this
    let to = this.position
    if (size >= callBytesMin) bytes.set(from.subarray(start, end), to)
    else for (let at = start; at < end; at++) bytes[to++] = from[at]!
    this.position += size
  }

  /** Repeats what was written `distance` bytes ago; false where nothing was. The two may overlap. */
  repeat(distance: number, size: number, floor: number = this.#start): boolean {
    if (distance <= 0 || distance > this.position - floor) return false
    this.#ensure(size)
    const { bytes } = this
    let to = this.position
    let from = to - distance
    const end = to + size
    if (size >= callBytesMin && distance >= size) bytes.copyWithin(to, from, from + size)
    else while (to < end) bytes[to++] = bytes[from++]!
    this.position = end
    return true
  }

  #ensure(size: number): void {
    const end = this.position + size
    if (end <= this.bytes.length) return
    const bytesMax = this.#start + this.#bytesMax
    if (end > bytesMax) throw tooLarge(this.#bytesMax)
    const grown = new Uint8Array(Math.min(Math.max(end, this.bytes.length * 2), bytesMax))
    grown.set(this.bytes.subarray(0, this.position))
    this.bytes = grown
  }
}

export function tooLarge(bytesMax: number): BrokerError {
  return new BrokerError('batch-too-large', `The records of a batch are larger than ${bytesMax} bytes`)
}

export function notDecodable(codec: string, cause?: unknown): BrokerError {
  return new BrokerError('batch-not-decodable', `The records of a batch are no ${codec}`, { cause })
}
