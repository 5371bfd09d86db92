// Decides whether a record batch of a Kafka client may be appended to a stream, as Kafka's broker decides:
// compressed or not, with any key where the stream takes all subjects. Each record is walked once.
// What passes here can be read by every reader for as long as it is kept; nothing later repairs a bad record.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import {
  decompressBatch,
  decompressedBytesMax,
  isCodecKnown,
} from '@sluice/protocol/record/compression/codecs'
import {
  attributesOf,
  baseOffsetOf,
  baseSequenceOf,
  batchHeaderBytes,
  batchSizeOf,
  compressionOf,
  hasAppendTime,
  isChecksumRight,
  isControlBatch,
  isTransactional,
  lastOffsetDeltaOf,
  magicOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { isSubjectBytes } from '@sluice/protocol/subject/subject'
import { areHeadersSound } from './header-check.ts'
import type { Stream } from './stream.ts'

/** The last millisecond that a Date can hold. */
const timestampMax = 8_640_000_000_000_000
/** Of a record without a time. */
const noTimestamp = -1
/** Codec, kind of timestamp, transaction, control. */
const knownAttributes = 0x3f
const sizePrefixBytes = 12
/** Smallest size of a batch of any format: what says less is no batch. */
const anyBatchBytesMin = 14
/** Bad records of one batch that are named; who sent them need not know of more. */
const refusedRecordsMax = 100
const noKeyText = 'Compacted topic cannot accept message without key'

/** A little more than a request of the largest usual size has that is not compressed. */
const unpackedBytesMax = 128 * 1024 * 1024

/**
 * Of one request: what its batches may take together when they are decompressed. A few hundred bytes become
 * 15 MiB, a request may have a hundred thousand batches, and nothing else is done while they are looked at.
 */
export class UnpackingRoom {
  bytesLeft = unpackedBytesMax
}

const cursor = new RecordCursor()
const noBytes = new Uint8Array(0)

export interface RefusedRecord {
  readonly index: number
  readonly text: string
}

/** Names the records for which a batch is refused. */
export class RefusedBatch extends BrokerError {
  readonly records: readonly RefusedRecord[]

  constructor(code: ErrorCode, records: readonly RefusedRecord[]) {
    super(code, records[0]!.text)
    this.records = records
  }
}

/**
 * `bytes` is to be one whole batch. Returns the time of its youngest record. Throws what is wrong with it:
 * `RefusedBatch` where that is single records; `publish-overloaded` where there is no room to look into it.
 */
export function checkProducedBatch(
  stream: Stream,
  bytes: Uint8Array,
  nowMs: number,
  room: UnpackingRoom,
): number {
  checkFrame(bytes)
  checkBatchSize(stream, bytes.length)
  if (!isChecksumRight(bytes, 0)) throw new BrokerError('corrupt-batch', 'The checksum of a batch is wrong')
  checkHeader(bytes)
  try {
    return checkRecords(stream, plain(bytes, room), nowMs)
  } finally {
    // Why let go: the bytes are a socket's.
    cursor.bytes = noBytes
  }
}

/** Why the batch, where elsewhere it is a message: what Kafka calls max.message.bytes is of a batch. */
export function checkBatchSize({ config: { messageBytesMax }, name }: Stream, size: number): void {
  if (size <= messageBytesMax) return
  const text = `A batch has ${size} bytes, and stream ${name} takes ${messageBytesMax}`
  throw new BrokerError('message-too-large', text)
}

/** Whether the bytes are one batch of format 2; what Kafka says of others, it says in this order. */
function checkFrame(bytes: Uint8Array): void {
  if (bytes.length <= sizePrefixBytes + 4) throw invalid('There is no record batch')
  const size = batchSizeOf(bytes, 0)
  if (size < sizePrefixBytes + anyBatchBytesMin)
    throw corrupt(`A record batch says that it has ${size} bytes`)
  const magic = magicOf(bytes, 0)
  if (magic > 2) throw corrupt(`There is no record batch of format ${magic}`)
  if (size > bytes.length) throw invalid('A record batch is cut')
  if (magic < 2) throw invalid(`Record batches of format ${magic} are not taken, only those of format 2`)
  if (size < batchHeaderBytes) throw corrupt(`A record batch says that it has ${size} bytes`)
  if (size < bytes.length) throw invalid('There is more than one record batch for a partition')
}

function checkHeader(bytes: Uint8Array): void {
  const codec = compressionOf(bytes, 0)
  if (isControlBatch(bytes, 0)) throw invalid('Clients cannot write control records')
  if (isTransactional(bytes, 0)) {
    throw new BrokerError('transactions-not-offered', 'A record batch is part of a transaction')
  }
  if ((attributesOf(bytes, 0) & ~knownAttributes) !== 0)
    throw invalid('A record batch has unknown attributes')
  if (!isCodecKnown(codec)) {
    throw new BrokerError('compression-not-accepted', `There is no compression ${codec}`)
  }
  if (hasAppendTime(bytes, 0)) {
    throw new BrokerError(
      'invalid-timestamp',
      'A record batch has the time of the broker, which is not its own',
    )
  }
  if (baseOffsetOf(bytes, 0) !== 0) throw invalid(`A record batch begins at offset ${baseOffsetOf(bytes, 0)}`)
  const count = recordCountOf(bytes, 0)
  if (count < 1 || lastOffsetDeltaOf(bytes, 0) !== count - 1)
    throw invalid(`A record batch has ${count} records`)
  checkProducer(bytes)
}

function checkProducer(bytes: Uint8Array): void {
  const id = producerIdOf(bytes, 0)
  if (id === -1) return
  const isOurs = id >= 0 && id <= Number.MAX_SAFE_INTEGER
  if (isOurs && producerEpochOf(bytes, 0) >= 0 && baseSequenceOf(bytes, 0) >= 0) return
  throw invalid(`A record batch of producer ${id} has no epoch or sequence`)
}

/** The batch with its records as they are; its own bytes, or what they are decompressed to. */
function plain(bytes: Uint8Array, room: UnpackingRoom): Uint8Array {
  if (compressionOf(bytes, 0) === 0) return bytes
  if (room.bytesLeft <= 0)
    throw new BrokerError(
      'publish-overloaded',
      `Batches of a request unpack to more than ${unpackedBytesMax} bytes`,
    )
  // Why all of it: how much a batch has cost that turns out to be none, nobody tells.
  let usedBytes = decompressedBytesMax
  try {
    const batch = decompressBatch(bytes, 0)
    usedBytes = batch.length
    return batch
  } catch (error) {
    if (error instanceof BrokerError && error.code === 'batch-not-decodable') {
      throw new BrokerError('corrupt-batch', 'The records of a batch cannot be decompressed', {
        cause: error,
      })
    }
    throw error
  } finally {
    room.bytesLeft -= usedBytes
  }
}

function checkRecords(stream: Stream, bytes: Uint8Array, nowMs: number): number {
  const refused: RefusedRecord[] = []
  let code: ErrorCode = 'invalid-batch'
  let maxTimestamp = noTimestamp
  let count = 0
  const bounds = timeBounds(stream.config, nowMs)
  for (cursor.open(bytes, 0); cursor.next(); count++) {
    if (cursor.offset !== count) throw invalid(`Record ${count} of a batch has offset ${cursor.offset}`)
    if (!areHeadersSound(cursor.bytes, cursor.headersStart, cursor.recordEnd)) {
      throw invalid(`The headers of record ${count} cannot be read`)
    }
    const { timestamp } = cursor
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    const isTimely = timestamp === noTimestamp || (timestamp >= bounds.from && timestamp <= bounds.to)
    if (!isTimely && refused.length === 0) code = 'invalid-timestamp'
    const text = isTimely ? objectionToKey(stream) : `Timestamp ${timestamp} is out of range`
    if (text !== undefined && refused.length < refusedRecordsMax) refused.push({ index: count, text })
  }
  if (cursor.isDamaged) throw invalid('The records of a batch do not fit it')
  if (refused.length > 0) throw new RefusedBatch(code, refused)
  return maxTimestamp
}

/** Between which times records are taken. Where the broker's time counts, theirs do not. */
export function timeBounds(config: StreamConfig, nowMs: number): { from: number; to: number } {
  const { timestampType, timestampBeforeMaxMs: before, timestampAfterMaxMs: after } = config
  const isOpen = timestampType === 'append'
  return {
    from: isOpen || before === 0 ? 0 : Math.max(0, nowMs - before),
    to: isOpen || after === 0 ? timestampMax : nowMs + after,
  }
}

/** What is wrong with the key of the record that the cursor stands on. */
function objectionToKey({ acceptance, config, name }: Stream): string | undefined {
  const { bytes, keyStart, keyEnd } = cursor
  if (keyEnd < 0 && config.cleanupPolicy !== 'delete') return `${noKeyText} in topic ${name}`
  if (acceptance.isOpen) return undefined
  const isTaken =
    keyEnd >= 0 && isSubjectBytes(bytes, keyStart, keyEnd) && acceptance.accepts(bytes, keyStart, keyEnd)
  return isTaken ? undefined : `The key is none of the subjects that stream ${name} takes`
}

function invalid(text: string): BrokerError {
  return new BrokerError('invalid-batch', text)
}

function corrupt(text: string): BrokerError {
  return new BrokerError('corrupt-batch', text)
}
