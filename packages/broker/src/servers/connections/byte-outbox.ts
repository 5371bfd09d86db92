// What goes out on one connection: small pieces of one turn are gathered in one buffer and written in one
// call, large ones are handed over as they are. A peer that does not read shows as `isCongested`; whoever
// makes more than answers must look at it.

import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import type { ByteBudget } from './byte-budget.ts'

/** Above this what was gathered in a turn is written before it ends. */
const gatheredBytesMax = 64 * 1024
/** Bytes from here on are handed to the connection as they are instead of being copied. */
export const copiedBytesMax: number = 16 * 1024

/** `bytes[start, end)`, which must not change before `release` is called, or ever where there is none. */
export interface OutgoingSlice {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly release?: (() => void) | undefined
}

export class ByteOutbox {
  /** What is written here goes out when `gathered` says so. Why empty at first: most connections idle. */
  readonly writer: ByteWriter = new ByteWriter(0)
  readonly #connection: ByteConnection
  /** Where large slices are counted until the peer has taken them. */
  readonly #untaken: ByteBudget | undefined
  #untakenBytes = 0
  #isScheduled = false
  #isCongested = false
  #isClosed = false
  #hasWritten = false

  constructor(connection: ByteConnection, untaken?: ByteBudget) {
    this.#connection = connection
    this.#untaken = untaken
  }

  /** More than the high-water mark is waiting for the peer. */
  get isCongested(): boolean {
    return this.#isCongested
  }

  /** After all that the writer has; `release` is called when nobody looks at the bytes any more. */
  slice({ bytes, start, end, release }: OutgoingSlice): void {
    if (end - start <= copiedBytesMax) {
      this.writer.slice(bytes, start, end)
      release?.()
      return
    }
    this.flush()
    this.write(bytes.subarray(start, end), this.#counted(end - start, release))
  }

  /** What the writer has is whole, and goes out at the end of the turn at the latest. */
  gathered(): void {
    if (this.writer.position > gatheredBytesMax) return this.flush()
    if (this.#isScheduled || this.writer.position === 0) return
    this.#isScheduled = true
    queueMicrotask(this.#endOfTurn)
  }

  flush(): void {
    if (this.writer.position > 0) this.write(this.writer.take())
  }

  /** Goes out before what the writer has. */
  write(bytes: Uint8Array, taken?: () => void): void {
    if (this.#isClosed) return
    this.#hasWritten = true
    if (!this.#connection.write(bytes, taken)) this.#isCongested = true
  }

  /** What is made from now on goes nowhere. */
  close(): void {
    this.flush()
    this.#isClosed = true
    this.#untaken?.give(this.#untakenBytes)
    this.#untakenBytes = 0
  }

  /** The connection took everything. */
  drained(): void {
    this.#isCongested = false
  }

  /** Whether anything was written since the last time this was asked. */
  takeHasWritten(): boolean {
    const hasWritten = this.#hasWritten
    this.#hasWritten = false
    return hasWritten
  }

  #counted(sizeBytes: number, release: (() => void) | undefined): (() => void) | undefined {
    if (this.#isClosed || this.#untaken === undefined) return release
    this.#untakenBytes += sizeBytes
    this.#untaken.take(sizeBytes)
    return () => {
      release?.()
      if (this.#isClosed) return
      this.#untakenBytes -= sizeBytes
      this.#untaken?.give(sizeBytes)
    }
  }

  readonly #endOfTurn = (): void => {
    this.#isScheduled = false
    this.flush()
  }
}
