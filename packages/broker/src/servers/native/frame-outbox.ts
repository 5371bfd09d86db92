// What goes out on one connection: frames of one turn are gathered in one buffer and written in one call.
// A peer that does not read shows as `isCongested`; whoever makes more frames than answers must look at it.

import type { ByteConnection } from '@sluice/protocol/bytes/byte-connection'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { beginFrame, endFrame, writeErrorFrame } from '@sluice/protocol/native/frame'
import type { Opcode } from '@sluice/protocol/native/frame'

/** Above this the frames of a turn are written before it ends. */
const gatheredBytesMax = 64 * 1024
/** Bytes from here on are handed to the connection as they are instead of being copied. */
const copiedBytesMax = 16 * 1024
/** An error may quote what it was sent. */
const errorTextMax = 2000

/** `bytes[start, end)`, which must not change before `release` is called, or ever where there is none. */
export interface OutgoingSlice {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly release?: (() => void) | undefined
}

export class FrameOutbox {
  /** Between `begin` and `end` the body is written here. */
  readonly writer: ByteWriter = new ByteWriter(4096)
  readonly #connection: ByteConnection
  #isScheduled = false
  #isCongested = false
  #isClosed = false
  #hasWritten = false

  constructor(connection: ByteConnection) {
    this.#connection = connection
  }

  /** More than the high-water mark is waiting for the peer. */
  get isCongested(): boolean {
    return this.#isCongested
  }

  begin(opcode: Opcode, correlation: number): number {
    return beginFrame(this.writer, opcode, correlation)
  }

  end(start: number): void {
    endFrame(this.writer, start)
    this.#gathered()
  }

  /** Ends a frame whose last bytes are those of the slices, `sizeBytes` in all. Large ones are not copied. */
  endWith(start: number, slices: readonly OutgoingSlice[], sizeBytes: number): void {
    this.writer.patchU32(start, this.writer.position - start - 4 + sizeBytes)
    for (const { bytes, start: from, end, release } of slices) {
      if (end - from <= copiedBytesMax) {
        this.writer.slice(bytes, from, end)
        release?.()
      } else {
        this.flush()
        this.#write(bytes.subarray(from, end), release)
      }
    }
    if (this.writer.position > 0) this.#gathered()
  }

  /**
   * Whole frames that were made elsewhere; the writer's bytes are handed over or copied, whatever is cheaper.
   */
  append(frames: ByteWriter): void {
    if (frames.position <= copiedBytesMax) {
      this.writer.slice(frames.bytes, 0, frames.position)
      frames.position = 0
      return this.#gathered()
    }
    this.flush()
    this.#write(frames.take())
  }

  /** A frame without a body. */
  empty(opcode: Opcode, correlation: number): void {
    this.end(this.begin(opcode, correlation))
  }

  error(opcode: Opcode, correlation: number, error: BrokerError): void {
    const { code, message } = error
    const isShort = message.length <= errorTextMax
    const told = isShort ? error : BrokerError.received(code, `${message.slice(0, errorTextMax)} …`)
    writeErrorFrame(this.writer, opcode, correlation, told)
    this.#gathered()
  }

  flush(): void {
    if (this.writer.position > 0) this.#write(this.writer.take())
  }

  /** What is made from now on goes nowhere. */
  close(): void {
    this.flush()
    this.#isClosed = true
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

  #gathered(): void {
    if (this.writer.position > gatheredBytesMax) return this.flush()
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(this.#endOfTurn)
  }

  readonly #endOfTurn = (): void => {
    this.#isScheduled = false
    this.flush()
  }

  #write(bytes: Uint8Array, taken?: () => void): void {
    if (this.#isClosed) return
    this.#hasWritten = true
    if (!this.#connection.write(bytes, taken)) this.#isCongested = true
  }
}
