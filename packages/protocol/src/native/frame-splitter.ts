// Cuts a stream of bytes into frames, with at most one frame's bytes held.

import { BrokerError } from '../errors/broker-error.ts'
import { frameHeaderBytes } from './frame.ts'

/**
 * Receives `bytes[start, end)`: one whole frame with its header. Borrowed for the call, unless `isOwned`:
 * then the frame was put together in a buffer of its own, which is the receiver's to keep.
 */
export type FrameSink = (bytes: Uint8Array, start: number, end: number, isOwned: boolean) => void

/** A frame may take so many times the memory of what has come of it, so that it moves once, not often. */
const growthMax = 16
/** For less, a copy is cheaper than reading it by itself. */
const roomBytesMin = 32 * 1024

export class FrameSplitter {
  #frameBytesMax: number
  /** The frame whose end has not come yet. Owned. */
  #partial: Uint8Array = new Uint8Array(0)
  #partialSize = 0
  readonly #allocate: (sizeBytes: number) => Uint8Array

  /** `allocate` may give bytes with anything in them. */
  constructor(frameBytesMax: number, allocate: (sizeBytes: number) => Uint8Array = newBytes) {
    this.#frameBytesMax = frameBytesMax
    this.#allocate = allocate
  }

  /** For the frames that begin from now on. */
  allow(frameBytesMax: number): void {
    this.#frameBytesMax = frameBytesMax
  }

  /** Whether a frame has begun and not ended. */
  get isInsideFrame(): boolean {
    return this.#partialSize > 0
  }

  /** What has come of the frame that has begun, up to `arrivedBytes`. Borrowed until the next `push`. */
  get begunFrame(): Uint8Array {
    return this.#partial
  }

  get arrivedBytes(): number {
    return this.#partialSize
  }

  /** How large the frame will be that has begun; 0 where none has, or too little of it came to tell. */
  get begunFrameBytes(): number {
    return this.#partialSize < 4 ? 0 : this.#frameSize(this.#partial, 0)
  }

  /**
   * Where the rest of a large frame belongs: bytes that are put there need no copy when they are pushed.
   * Takes the memory of the frame, as far as what has come of it justifies.
   */
  room(): Uint8Array | undefined {
    const size = this.begunFrameBytes
    if (size - this.#partialSize < roomBytesMin) return undefined
    this.#reserve(Math.min(size, this.#partialSize * growthMax))
    const room = this.#partial.subarray(this.#partialSize)
    return room.length < roomBytesMin ? undefined : room
  }

  /** Throws `malformed-frame` or `frame-too-large` before anything is allocated for the frame. */
  push(chunk: Uint8Array, sink: FrameSink): void {
    let at = this.#partialSize > 0 ? this.#completePartial(chunk, sink) : 0
    while (chunk.length - at >= 4) {
      const size = this.#frameSize(chunk, at)
      if (chunk.length - at < size) break
      sink(chunk, at, at + size, false)
      at += size
    }
    if (at < chunk.length) this.#keep(chunk, at)
  }

  /** Adds to the frame that has begun; returns how much of the chunk it took. */
  #completePartial(chunk: Uint8Array, sink: FrameSink): number {
    let taken = 0
    while (this.#partialSize < 4 && taken < chunk.length) this.#append(chunk, taken, ++taken)
    if (this.#partialSize < 4) return taken
    const size = this.#frameSize(this.#partial, 0)
    const missing = Math.min(size - this.#partialSize, chunk.length - taken)
    this.#append(chunk, taken, taken + missing)
    if (this.#partialSize < size) return taken + missing
    const frame = this.#partial
    this.#partial = new Uint8Array(0)
    this.#partialSize = 0
    sink(frame, 0, size, true)
    return taken + missing
  }

  #keep(chunk: Uint8Array, at: number): void {
    this.#append(chunk, at, chunk.length)
  }

  #append(chunk: Uint8Array, start: number, end: number): void {
    // Why by the buffer: nobody else has it, so what lies there lies in its place.
    if (this.#partialSize === 0 || chunk.buffer !== this.#partial.buffer) {
      this.#reserve(this.#partialSize + end - start)
      this.#partial.set(chunk.subarray(start, end), this.#partialSize)
    }
    this.#partialSize += end - start
  }

  /**
   * Grows by a factor with what has arrived, and not beyond the frame: a peer that only claims a large frame
   * must not make us allocate it. The first bytes get what they need, for there may be no room for more yet.
   */
  #reserve(size: number): void {
    if (size <= this.#partial.length) return
    const sizeMax = this.begunFrameBytes || Infinity
    const grown = this.#allocate(Math.min(Math.max(size, 64, this.#partialSize * growthMax), sizeMax))
    grown.set(this.#partial.subarray(0, this.#partialSize))
    this.#partial = grown
  }

  #frameSize(bytes: Uint8Array, at: number): number {
    const length =
      ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
    if (length < frameHeaderBytes - 4)
      throw new BrokerError('malformed-frame', `A frame claims ${length} bytes`)
    if (length + 4 > this.#frameBytesMax) {
      throw new BrokerError(
        'frame-too-large',
        `A frame claims ${length} bytes, ${this.#frameBytesMax} is the limit`,
      )
    }
    return length + 4
  }
}

function newBytes(sizeBytes: number): Uint8Array {
  return new Uint8Array(sizeBytes)
}
