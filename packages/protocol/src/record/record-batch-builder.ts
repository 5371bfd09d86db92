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

const encoder = new TextEncoder()

export class RecordBatchBuilder {
  #batch = new ByteWriter(1024)
  #record = new ByteWriter(256)
  #recordCount = 0
  #baseTimestamp = 0
  #maxTimestamp = 0

  constructor() {
    this.#batch.position = batchHeaderBytes
  }

  get recordCount(): number {
    return this.#recordCount
  }

  /** Bytes of the batch as it stands. */
  get sizeBytes(): number {
    return this.#batch.position
  }

  add(timestampMs: number, key: Payload | null, value: Payload | null, headers?: HeaderValues): void {
    if (this.#recordCount === 0) this.#baseTimestamp = this.#maxTimestamp = timestampMs
    if (timestampMs > this.#maxTimestamp) this.#maxTimestamp = timestampMs
    const record = this.#record
    record.position = 0
    record.u8(0)
    record.varint(timestampMs - this.#baseTimestamp)
    record.varint(this.#recordCount)
    writeField(record, key)
    writeField(record, value)
    writeHeaders(record, headers)
    this.#batch.varint(record.position)
    this.#batch.slice(record.bytes, 0, record.position)
    this.#recordCount++
  }

  /** The finished batch, owned by the caller; the builder starts the next one. */
  take(): Uint8Array {
    const end = this.#batch.position
    const bytes = this.#batch.take()
    sealBatch(bytes, end, {
      recordCount: this.#recordCount,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: this.#maxTimestamp,
    })
    this.#batch.ensure(batchHeaderBytes)
    this.#batch.position = batchHeaderBytes
    this.#recordCount = 0
    return bytes
  }
}

function writeField(record: ByteWriter, field: Payload | null): void {
  if (field === null) return record.varint(-1)
  const bytes = typeof field === 'string' ? encoder.encode(field) : field
  record.varint(bytes.length)
  record.slice(bytes, 0, bytes.length)
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
