// Decides whether a record batch of a client may be appended to a stream: each record is walked once.
// What passes here can be read by every reader for as long as it is kept; nothing later repairs a bad record.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import {
  attributesOf,
  baseOffsetOf,
  checkBatch,
  compressionOf,
  maxTimestampOf,
  producerIdOf,
} from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { isSubjectBytes } from '@sluice/protocol/subject/subject'
import { areHeadersSound } from './header-check.ts'
import type { Stream } from './stream.ts'

/** The last millisecond that a Date can hold. */
const timestampMax = 8_640_000_000_000_000
const compressionBits = 0x07
const decoder = new TextDecoder()
const cursor = new RecordCursor()

/** `any`: what a Kafka client has written before, where the stream takes all subjects. */
export type PublishedKeys = 'subjects' | 'any'

/** `bytes` is to be one whole batch. Throws what is wrong with it, naming the record. */
export function checkPublishedBatch(
  stream: Stream,
  bytes: Uint8Array,
  keys: PublishedKeys = 'subjects',
): void {
  const fault = checkBatch(bytes, 0, bytes.length)
  if (fault !== undefined) throw new BrokerError(fault, `A record batch for stream ${stream.name} is refused`)
  checkHeader(stream, bytes)
  const { messageBytesMax } = stream.config
  const areKeysFree = keys === 'any' && stream.acceptance.isOpen
  let count = 0
  let maxTimestamp = 0
  cursor.open(bytes, 0)
  while (cursor.next()) {
    if (cursor.offset !== count) throw invalidRecord(stream, count, `it has offset ${cursor.offset}`)
    if (!areKeysFree) checkKey(stream, count)
    checkRecord(stream, count, messageBytesMax)
    if (cursor.timestamp > maxTimestamp) maxTimestamp = cursor.timestamp
    count++
  }
  if (cursor.isDamaged) throw invalidRecord(stream, count, 'it does not fit its batch')
  if (maxTimestamp !== maxTimestampOf(bytes, 0)) {
    throw new BrokerError(
      'invalid-batch',
      `The header of a batch names ${maxTimestampOf(bytes, 0)} as its latest time`,
    )
  }
}

function checkHeader(stream: Stream, bytes: Uint8Array): void {
  if (compressionOf(bytes, 0) !== 0) {
    throw new BrokerError(
      'compression-not-accepted',
      `A record batch for stream ${stream.name} is compressed`,
    )
  }
  // Why: what these bits say (log append time, transactions, control) is the broker's to say.
  if ((attributesOf(bytes, 0) & ~compressionBits) !== 0) {
    throw new BrokerError('invalid-batch', `A record batch has attributes ${attributesOf(bytes, 0)}`)
  }
  // Why: sequence numbers are checked where idempotent producers come in, and nobody may forge another's.
  if (producerIdOf(bytes, 0) !== -1) {
    throw new BrokerError('invalid-batch', `A record batch names producer ${producerIdOf(bytes, 0)}`)
  }
  if (baseOffsetOf(bytes, 0) !== 0) {
    throw new BrokerError('invalid-batch', `A record batch begins at offset ${baseOffsetOf(bytes, 0)}`)
  }
}

/** Of the record that the cursor stands on. */
function checkKey(stream: Stream, index: number): void {
  const { bytes, keyStart, keyEnd } = cursor
  if (keyEnd < 0 || !isSubjectBytes(bytes, keyStart, keyEnd)) throw invalidSubject(index)
  if (!stream.acceptance.accepts(bytes, keyStart, keyEnd)) throw foreignSubject(stream)
}

/** The record that the cursor stands on. */
function checkRecord(stream: Stream, index: number, messageBytesMax: number): void {
  const { bytes, timestamp } = cursor
  if (!(timestamp >= 0 && timestamp <= timestampMax)) {
    throw invalidRecord(stream, index, `its time is ${timestamp}`)
  }
  const size = messageSize()
  if (size > messageBytesMax) {
    const text = `Record ${index} has ${size} bytes, and stream ${stream.name} takes ${messageBytesMax}`
    throw new BrokerError('message-too-large', text)
  }
  if (!areHeadersSound(bytes, cursor.headersStart, cursor.recordEnd)) {
    throw invalidRecord(stream, index, 'its headers cannot be read')
  }
}

/** Subject, value and headers. Headers count as they are encoded, without their number: none are 0 bytes. */
function messageSize(): number {
  const { keyStart, keyEnd, valueStart, valueEnd, headersStart, recordEnd } = cursor
  const valueSize = valueEnd < 0 ? 0 : valueEnd - valueStart
  const keySize = keyEnd < 0 ? 0 : keyEnd - keyStart
  return keySize + valueSize + (recordEnd - headersStart - 1)
}

function invalidSubject(index: number): BrokerError {
  const { bytes, keyStart, keyEnd } = cursor
  if (keyEnd < 0) return new BrokerError('invalid-subject', `Record ${index} has no subject`)
  // Why cut: a key may be megabytes long.
  const text = decoder.decode(bytes.subarray(keyStart, Math.min(keyEnd, keyStart + 300)))
  return new BrokerError('invalid-subject', `${JSON.stringify(text)} of record ${index} is no subject`)
}

function foreignSubject(stream: Stream): BrokerError {
  const { bytes, keyStart, keyEnd } = cursor
  const subject = decoder.decode(bytes.subarray(keyStart, keyEnd))
  const taken = stream.config.subjects.slice(0, 5).join(', ')
  return new BrokerError('subject-not-in-stream', `Stream ${stream.name} takes ${taken}, but not ${subject}`)
}

function invalidRecord(stream: Stream, index: number, what: string): BrokerError {
  return new BrokerError(
    'invalid-batch',
    `Record ${index} of a batch for stream ${stream.name} is refused: ${what}`,
  )
}
