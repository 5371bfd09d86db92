// Generated from definitions/produce.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import { readAll, taggedBytes, writeAll } from '../kafka-fields.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface ProduceResponse {
  readonly topics: readonly ProduceResponseTopic[]
  readonly throttleTimeMs: number
  readonly nodeEndpoints?: readonly ProduceResponseNodeEndpoint[] | undefined
}

export interface ProduceResponseNodeEndpoint {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface ProduceResponseTopic {
  readonly name: string
  readonly partitions: readonly ProduceResponseTopicPartition[]
}

export interface ProduceResponseTopicPartition {
  readonly index: number
  readonly errorCode: number
  readonly baseOffset: number
  readonly logAppendTimeMs?: number | undefined
  readonly logStartOffset?: number | undefined
  readonly recordErrors: readonly ProduceResponseTopicPartitionRecordError[]
  readonly errorMessage: string | null
  readonly currentLeader?: ProduceResponseTopicPartitionCurrentLeader | undefined
}

export interface ProduceResponseTopicPartitionCurrentLeader {
  readonly leaderId?: number | undefined
  readonly leaderEpoch?: number | undefined
}

export interface ProduceResponseTopicPartitionRecordError {
  readonly batchIndex: number
  readonly batchIndexErrorMessage: string | null
}

export interface ProduceRequest {
  readonly transactionalId: string | null
  readonly acks: number
  readonly timeoutMs: number
  readonly topics: readonly ProduceRequestTopic[]
}

export interface ProduceRequestTopic {
  readonly name: string
  readonly partitions: readonly ProduceRequestTopicPartition[]
}

export interface ProduceRequestTopicPartition {
  readonly index: number
  readonly records: Uint8Array | null
}

function readProduceRequestTopicPartition(
  reader: KafkaReader,
  version: number,
): ProduceRequestTopicPartition {
  const isCompact = version >= 9
  const index = reader.i32()
  const records = reader.nullableByteString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { index, records }
}

function writeProduceRequestTopicPartition(
  writer: KafkaWriter,
  value: ProduceRequestTopicPartition,
  version: number,
): void {
  const isCompact = version >= 9
  writer.i32(value.index)
  writer.records(value.records, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readProduceRequestTopic(reader: KafkaReader, version: number): ProduceRequestTopic {
  const isCompact = version >= 9
  const name = reader.string(isCompact)
  const partitions: ProduceRequestTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readProduceRequestTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeProduceRequestTopic(writer: KafkaWriter, value: ProduceRequestTopic, version: number): void {
  const isCompact = version >= 9
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeProduceRequestTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readProduceRequest(reader: KafkaReader, version: number): ProduceRequest {
  const isCompact = version >= 9
  const transactionalId = reader.nullableString(isCompact)
  const acks = reader.i16()
  const timeoutMs = reader.i32()
  const topics: ProduceRequestTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readProduceRequestTopic(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { transactionalId, acks, timeoutMs, topics }
}

function writeProduceRequest(writer: KafkaWriter, value: ProduceRequest, version: number): void {
  const isCompact = version >= 9
  writer.nullableString(value.transactionalId, isCompact)
  writer.i16(value.acks)
  writer.i32(value.timeoutMs)
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeProduceRequestTopic(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readProduceResponseTopicPartitionRecordError(
  reader: KafkaReader,
  version: number,
): ProduceResponseTopicPartitionRecordError {
  const isCompact = version >= 9
  const batchIndex = reader.i32()
  const batchIndexErrorMessage = reader.nullableString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { batchIndex, batchIndexErrorMessage }
}

function writeProduceResponseTopicPartitionRecordError(
  writer: KafkaWriter,
  value: ProduceResponseTopicPartitionRecordError,
  version: number,
): void {
  const isCompact = version >= 9
  writer.i32(value.batchIndex)
  writer.nullableString(value.batchIndexErrorMessage, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readProduceResponseTopicPartitionCurrentLeader(
  reader: KafkaReader,
  _version: number,
): ProduceResponseTopicPartitionCurrentLeader {
  const leaderId = reader.i32()
  const leaderEpoch = reader.i32()
  reader.skipTagged()
  return { leaderId, leaderEpoch }
}

function writeProduceResponseTopicPartitionCurrentLeader(
  writer: KafkaWriter,
  value: ProduceResponseTopicPartitionCurrentLeader,
  _version: number,
): void {
  writer.i32(value.leaderId ?? -1)
  writer.i32(value.leaderEpoch ?? -1)
  writer.uvarint(0)
}

function readProduceResponseTopicPartition(
  reader: KafkaReader,
  version: number,
): ProduceResponseTopicPartition {
  const isCompact = version >= 9
  const index = reader.i32()
  const errorCode = reader.i16()
  const baseOffset = reader.i64()
  const logAppendTimeMs = reader.i64()
  const logStartOffset: number = version >= 5 ? reader.i64() : -1
  const recordErrors: ProduceResponseTopicPartitionRecordError[] = []
  if (version >= 8) {
    for (let left = reader.countOfSome(isCompact); left > 0; left--)
      recordErrors.push(readProduceResponseTopicPartitionRecordError(reader, version))
  }
  const errorMessage: string | null = version >= 8 ? reader.nullableString(isCompact) : null
  let currentLeader: ProduceResponseTopicPartitionCurrentLeader | undefined = undefined
  if (isCompact) {
    for (let left = reader.taggedCount(); left > 0; left--) {
      const tag = reader.uvarint()
      const end = reader.taggedEnd()
      if (tag === 0 && version >= 10)
        currentLeader = readProduceResponseTopicPartitionCurrentLeader(reader, version)
      else reader.position = end
      reader.endTagged(end)
    }
  }
  return {
    index,
    errorCode,
    baseOffset,
    logAppendTimeMs,
    logStartOffset,
    recordErrors,
    errorMessage,
    currentLeader,
  }
}

function writeProduceResponseTopicPartition(
  writer: KafkaWriter,
  value: ProduceResponseTopicPartition,
  version: number,
): void {
  const isCompact = version >= 9
  writer.i32(value.index)
  writer.i16(value.errorCode)
  writer.i64(value.baseOffset)
  writer.i64(value.logAppendTimeMs ?? -1)
  if (version >= 5) {
    writer.i64(value.logStartOffset ?? -1)
  }
  if (version >= 8) {
    writer.count(value.recordErrors.length, isCompact)
    for (const element of value.recordErrors)
      writeProduceResponseTopicPartitionRecordError(writer, element, version)
  }
  if (version >= 8) {
    writer.nullableString(value.errorMessage, isCompact)
  }
  if (isCompact) {
    const tagged: [number, Uint8Array][] = []
    if (version >= 10 && value.currentLeader !== undefined)
      tagged.push([
        0,
        taggedBytes((writer) =>
          writeProduceResponseTopicPartitionCurrentLeader(writer, value.currentLeader!, version),
        ),
      ])
    writer.uvarint(tagged.length)
    for (const [tag, bytes] of tagged) writer.tagged(tag, bytes)
  }
}

function readProduceResponseTopic(reader: KafkaReader, version: number): ProduceResponseTopic {
  const isCompact = version >= 9
  const name = reader.string(isCompact)
  const partitions: ProduceResponseTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readProduceResponseTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeProduceResponseTopic(writer: KafkaWriter, value: ProduceResponseTopic, version: number): void {
  const isCompact = version >= 9
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeProduceResponseTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readProduceResponseNodeEndpoint(reader: KafkaReader, _version: number): ProduceResponseNodeEndpoint {
  const nodeId = reader.i32()
  const host = reader.string(true)
  const port = reader.i32()
  const rack = reader.nullableString(true)
  reader.skipTagged()
  return { nodeId, host, port, rack }
}

function writeProduceResponseNodeEndpoint(
  writer: KafkaWriter,
  value: ProduceResponseNodeEndpoint,
  _version: number,
): void {
  writer.i32(value.nodeId)
  writer.string(value.host, true)
  writer.i32(value.port)
  writer.nullableString(value.rack, true)
  writer.uvarint(0)
}

function readProduceResponse(reader: KafkaReader, version: number): ProduceResponse {
  const isCompact = version >= 9
  const topics: ProduceResponseTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readProduceResponseTopic(reader, version))
  const throttleTimeMs = reader.i32()
  let nodeEndpoints: readonly ProduceResponseNodeEndpoint[] = []
  if (isCompact) {
    for (let left = reader.taggedCount(); left > 0; left--) {
      const tag = reader.uvarint()
      const end = reader.taggedEnd()
      if (tag === 0 && version >= 10)
        nodeEndpoints = readAll(reader, version, readProduceResponseNodeEndpoint)
      else reader.position = end
      reader.endTagged(end)
    }
  }
  return { topics, throttleTimeMs, nodeEndpoints }
}

function writeProduceResponse(writer: KafkaWriter, value: ProduceResponse, version: number): void {
  const isCompact = version >= 9
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeProduceResponseTopic(writer, element, version)
  writer.i32(value.throttleTimeMs)
  if (isCompact) {
    const tagged: [number, Uint8Array][] = []
    if (version >= 10 && value.nodeEndpoints !== undefined && value.nodeEndpoints.length > 0)
      tagged.push([
        0,
        taggedBytes((writer) =>
          writeAll(writer, value.nodeEndpoints!, version, writeProduceResponseNodeEndpoint),
        ),
      ])
    writer.uvarint(tagged.length)
    for (const [tag, bytes] of tagged) writer.tagged(tag, bytes)
  }
}

/** Appends record batches. Versions below 3 carry older record formats and are advertised only because old clients take the lowest version for a sign of what the broker can do. */
export const produceApi: KafkaApi<ProduceRequest, ProduceResponse> = {
  name: 'Produce',
  key: 0,
  versions: { from: 3, to: 11 },
  advertisedFrom: 0,
  flexibleFrom: 9,
  readRequest: readProduceRequest,
  writeRequest: writeProduceRequest,
  readResponse: readProduceResponse,
  writeResponse: writeProduceResponse,
}
