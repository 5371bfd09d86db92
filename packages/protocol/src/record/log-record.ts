// A record as an object: for clients and tools. The broker works on bytes instead (record-cursor.ts).

import { ByteReader } from '../bytes/byte-reader.ts'
import { BrokerError } from '../errors/broker-error.ts'
import { RecordCursor } from './record-cursor.ts'

/** Header values as bytes; a name that occurs twice keeps its last value. */
export type Headers = Readonly<Record<string, Uint8Array | null>>

export interface LogRecord {
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** The key as text; null where the record has none. */
  readonly subject: string | null
  /** Null for a tombstone. */
  readonly data: Uint8Array | null
  readonly headers: Headers
}

const decoder = new TextDecoder()
const noHeaders: Headers = Object.freeze({})

/** All records of a batch. Their bytes are views of `bytes`, or of what was decompressed. */
export function decodeRecords(bytes: Uint8Array, at: number): LogRecord[] {
  const cursor = new RecordCursor()
  cursor.open(bytes, at)
  const records: LogRecord[] = []
  while (cursor.next()) records.push(recordAt(cursor))
  if (cursor.isDamaged) throw new BrokerError('invalid-batch', 'The records do not fit their batch')
  return records
}

/** The record that a cursor stands on. Its bytes are views of the cursor's. */
export function recordAt(cursor: RecordCursor): LogRecord {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor
  return {
    offset: cursor.offset,
    timestamp: cursor.timestamp,
    subject: keyEnd < 0 ? null : decoder.decode(bytes.subarray(keyStart, keyEnd)),
    data: valueEnd < 0 ? null : bytes.subarray(valueStart, valueEnd),
    headers: decodeHeaders(bytes, cursor.headersStart, cursor.recordEnd),
  }
}

export function decodeHeaders(bytes: Uint8Array, start: number, end: number): Headers {
  if (end - start === 1 && bytes[start] === 0) return noHeaders
  // Why no prototype: a header may be called __proto__.
  const headers: Record<string, Uint8Array | null> = Object.create(null)
  for (const [name, value] of decodeHeaderPairs(bytes, start, end)) headers[name] = value
  return headers
}

/** All headers in their order; a name may occur more than once. */
export function decodeHeaderPairs(
  bytes: Uint8Array,
  start: number,
  end: number,
): [string, Uint8Array | null][] {
  const reader = new ByteReader(bytes, start, end)
  const pairs: [string, Uint8Array | null][] = []
  for (let left = reader.varint(); left > 0; left--) {
    const name = decoder.decode(reader.raw(reader.varint()))
    const size = reader.varint()
    pairs.push([name, size < 0 ? null : reader.raw(size)])
  }
  reader.finish()
  return pairs
}
