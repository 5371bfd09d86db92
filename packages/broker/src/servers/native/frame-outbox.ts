// Frames that go out on one connection: requests' answers, deliveries, pings.

import type { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { beginFrame, endFrame, writeErrorFrame } from '@sluice/protocol/native/frame'
import type { Opcode } from '@sluice/protocol/native/frame'
import { ByteOutbox, copiedBytesMax } from '../connections/byte-outbox.ts'
import type { OutgoingSlice } from '../connections/byte-outbox.ts'

/** An error may quote what it was sent. */
const errorTextMax = 2000

export class FrameOutbox extends ByteOutbox {
  /** Between `begin` and `end` the body is written to the writer. */
  begin(opcode: Opcode, correlation: number): number {
    return beginFrame(this.writer, opcode, correlation)
  }

  end(start: number): void {
    endFrame(this.writer, start)
    this.gathered()
  }

  /** Ends a frame whose last bytes are those of the slices, `sizeBytes` in all. Large ones are not copied. */
  endWith(start: number, slices: readonly OutgoingSlice[], sizeBytes: number): void {
    this.writer.patchU32(start, this.writer.position - start - 4 + sizeBytes)
    for (const slice of slices) this.slice(slice)
    this.gathered()
  }

  /**
   * Whole frames that were made elsewhere; the writer's bytes are handed over or copied, whatever is cheaper.
   */
  append(frames: ByteWriter): void {
    if (frames.position <= copiedBytesMax) {
      this.writer.slice(frames.bytes, 0, frames.position)
      frames.position = 0
      return this.gathered()
    }
    this.flush()
    this.write(frames.take())
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
    this.gathered()
  }
}
