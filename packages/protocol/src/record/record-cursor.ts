// Walks the records of one batch and tells where their parts are, without making objects. Those of a
// compressed batch are decompressed when it is opened.

import { BrokerError } from '../errors/broker-error.ts'
import { decompressBatch } from './compression/codecs.ts'
import {
  batchHeaderBytes,
  batchSizeOf,
  baseOffsetOf,
  baseTimestampOf,
  compressionOf,
  hasAppendTime,
  maxTimestampOf,
  recordCountOf,
} from './record-batch.ts'

const damaged = -1

/**
 * Use: `cursor.open(bytes, at)`, then `while (cursor.next())`. Positions are in the cursor's `bytes`, which
 * are its own where the batch is compressed; an end of -1 is a null. Stops with `isDamaged` where the records
 * do not fit their batch, whatever the bytes.
 */
export class RecordCursor {
  bytes: Uint8Array = new Uint8Array(0)
  offset = 0
  timestamp = 0
  /** The record without its length: what a delivery carries. */
  recordStart = 0
  recordEnd = 0
  keyStart = 0
  keyEnd = -1
  valueStart = 0
  valueEnd = -1
  /** Where the header count stands. */
  headersStart = 0
  /** What the batch says of all its records; a time of append, or -1 where each has its own. */
  readonly #base = { offset: 0, timestamp: 0, appendTime: -1 }
  /** Records still to come; `damaged` once the batch has turned out to be. */
  #left = 0
  #batchEnd = 0
  #at = 0

  /** The records do not fit their batch, or the record its bounds. */
  get isDamaged(): boolean {
    return this.#left === damaged
  }

  /** What cannot be decompressed is damaged from the start. */
  open(bytes: Uint8Array, at: number): void {
    this.#base.offset = baseOffsetOf(bytes, at)
    this.#base.timestamp = baseTimestampOf(bytes, at)
    this.#base.appendTime = hasAppendTime(bytes, at) ? maxTimestampOf(bytes, at) : -1
    this.#left = recordCountOf(bytes, at)
    this.bytes = bytes
    this.#batchEnd = at + batchSizeOf(bytes, at)
    this.recordEnd = at + batchHeaderBytes
    if (this.#left > 0 && compressionOf(bytes, at) !== 0) this.#decompress(bytes, at)
  }

  #decompress(bytes: Uint8Array, at: number): void {
    try {
      this.bytes = decompressBatch(bytes, at)
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      this.#left = damaged
      return
    }
    this.#batchEnd = this.bytes.length
    this.recordEnd = batchHeaderBytes
  }

  /** Steps to the next record; false after the last one, or where the batch is damaged. */
  next(): boolean {
    if (this.#left <= 0) {
      if (this.#left === 0 && this.recordEnd !== this.#batchEnd) this.#left = damaged
      return false
    }
    this.#at = this.recordEnd
    const size = this.#varint()
    const start = this.#at
    if (size < 5 || size > this.#batchEnd - start) return this.#damaged()
    this.recordStart = start
    this.recordEnd = start + size
    this.#left--
    this.#readFields(this.#base.offset, this.#base.timestamp)
    if (this.#base.appendTime >= 0) this.timestamp = this.#base.appendTime
    return !this.isDamaged
  }

  /**
   * Reads the one record that fills `[start, end)`. Its offset and timestamp are deltas: it has
   * no batch here.
   */
  openRecord(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.recordStart = start
    this.recordEnd = end
    this.#left = 0
    this.#readFields(0, 0)
  }

  /** Reads the fields of the record that `recordStart` and `recordEnd` span. */
  #readFields(baseOffset: number, baseTimestamp: number): void {
    this.#at = this.recordStart + 1
    this.timestamp = baseTimestamp + this.#varint()
    this.offset = baseOffset + this.#varint()
    const keySize = this.#varint()
    this.keyStart = this.#at
    this.keyEnd = keySize < 0 ? -1 : this.#at + keySize
    if (keySize > 0) this.#at += keySize
    const valueSize = this.#varint()
    this.valueStart = this.#at
    this.valueEnd = valueSize < 0 ? -1 : this.#at + valueSize
    if (valueSize > 0) this.#at += valueSize
    this.headersStart = this.#at
    if (this.#at >= this.recordEnd) this.#left = damaged
  }

  #damaged(): false {
    this.#left = damaged
    return false
  }

  /** A zig-zag varint; a damaged one reads as something that the size checks refuse. */
  #varint(): number {
    const bytes = this.bytes
    let byte = bytes[this.#at++]!
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 0x7f
    let scale = 0x80
    do {
      byte = bytes[this.#at++]!
      value += (byte & 0x7f) * scale
      scale *= 0x80
    } while (byte >= 0x80 && scale < 0x80_0000_0000_0000)
    const half = Math.floor(value / 2)
    return value % 2 === 0 ? half : -half - 1
  }
}
