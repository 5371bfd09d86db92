// Makes record batches from records. One builder makes many batches, one after the other.
//
// Record:  length varint · attributes i8 (0) · timestampDelta varint · offsetDelta varint ·
//          keySize varint (-1: null) key · valueSize varint (-1: null) value ·
//          headerCount varint · { nameSize varint name, valueSize varint (-1: null) value }*

import { ByteWriter } from '../bytes/byte-writer.ts'
import { batchHeaderBytes, sealBatch } from './record-batch.ts'

/** Bytes, or a string that is sent as UTF-8. */
export type Payload = Uint8Array | string

/** By name, or as pairs where order matters or a name occurs more than once. */
export type HeaderValues = Readonly<Record<string, Payload | null>> | readonly HeaderPair[]
export type HeaderPair = readonly [name: string, value: Payload | null]

/**
 * Room that is left for the size of a record until the record stands: right for 64 to 8191 bytes, and others
 * are moved. Why not written aside and copied: that takes longer than all the rest.
 */
const sizeRoom = 2
const zigzagOneByteMax = 63
const zigzagTwoBytesMax = 8191

export class RecordBatchBuilder {
  #batch = new ByteWriter(1024)
  #recordCount = 0
  #baseTimestamp = 0
  #maxTimestamp = 0

  get recordCount(): number {
    return this.#recordCount
  }

  /** Bytes of the batch as it stands. */
  get sizeBytes(): number {
    return this.#recordCount === 0 ? batchHeaderBytes : this.#batch.position
  }

  add(timestampMs: number, key: Payload | null, value: Payload | null, headers?: HeaderValues): void {
    if (this.#recordCount === 0) this.#begin(timestampMs)
    const batch = this.#batch
    const before = batch.position
    try {
      batch.ensure(sizeRoom)
      batch.position += sizeRoom
      batch.u8(0)
      batch.varint(timestampMs - this.#baseTimestamp)
      batch.varint(this.#recordCount)
      writeField(batch, key)
      writeField(batch, value)
      writeHeaders(batch, headers)
      putSize(batch, before + sizeRoom)
    } catch (error) {
      // Why: half a record must not stand in the batch of those who went before.
      batch.position = before
      throw error
    }
    if (timestampMs > this.#maxTimestamp) this.#maxTimestamp = timestampMs
    this.#recordCount++
  }

  /** The finished batch, owned by the caller; the builder starts the next one. */
  take(): Uint8Array {
    if (this.#recordCount === 0) this.#begin(0)
    const end = this.#batch.position
    const bytes = this.#batch.take()
    sealBatch(bytes, end, {
      recordCount: this.#recordCount,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: this.#maxTimestamp,
    })
    this.#recordCount = 0
    return bytes
  }

  #begin(timestampMs: number): void {
    this.#baseTimestamp = this.#maxTimestamp = timestampMs
    this.#batch.position = 0
    this.#batch.ensure(batchHeaderBytes)
    this.#batch.position = batchHeaderBytes
  }
}

function writeField(record: ByteWriter, field: Payload | null): void {
  if (field === null) return record.varint(-1)
  if (typeof field === 'string') return record.varintString(field)
  record.varint(field.length)
  record.slice(field, 0, field.length)
}

/** Puts the size of the record that begins at `start` in front of it. */
function putSize(batch: ByteWriter, start: number): void {
  const end = batch.position
  const size = end - start
  const sizeBytes = size <= zigzagOneByteMax ? 1 : size <= zigzagTwoBytesMax ? 2 : 5
  if (sizeBytes !== sizeRoom) moveRecord(batch, start, size)
  else {
    batch.position = start - sizeRoom
    batch.varint(size)
    batch.position = end
  }
}

function moveRecord(batch: ByteWriter, start: number, size: number): void {
  batch.ensure(5)
  // The size may take more room than was left: the record goes to where it ends.
  batch.position = start - sizeRoom
  const record = batch.bytes.slice(start, start + size)
  batch.varint(size)
  batch.slice(record, 0, size)
}

function writeHeaders(record: ByteWriter, headers: HeaderValues | undefined): void {
  if (headers === undefined) return record.varint(0)
  const pairs = Array.isArray(headers) ? (headers as readonly HeaderPair[]) : Object.entries(headers)
  record.varint(pairs.length)
  for (const [name, value] of pairs) {
    writeField(record, name)
    writeField(record, value)
  }
}
