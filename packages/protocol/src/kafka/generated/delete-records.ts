// Generated from definitions/delete-records.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface DeleteRecordsResponse {
  readonly throttleTimeMs: number
  readonly topics: readonly DeleteRecordsResponseTopic[]
}

export interface DeleteRecordsResponseTopic {
  readonly name: string
  readonly partitions: readonly DeleteRecordsResponseTopicPartition[]
}

export interface DeleteRecordsResponseTopicPartition {
  readonly partitionIndex: number
  readonly lowWatermark: number
  readonly errorCode: number
}

export interface DeleteRecordsRequest {
  readonly topics: readonly DeleteRecordsRequestTopic[]
  readonly timeoutMs: number
}

export interface DeleteRecordsRequestTopic {
  readonly name: string
  readonly partitions: readonly DeleteRecordsRequestTopicPartition[]
}

export interface DeleteRecordsRequestTopicPartition {
  readonly partitionIndex: number
  readonly offset: number
}

function readDeleteRecordsRequestTopicPartition(
  reader: KafkaReader,
  version: number,
): DeleteRecordsRequestTopicPartition {
  const isCompact = version >= 2
  const partitionIndex = reader.i32()
  const offset = reader.i64()
  if (isCompact) {
    reader.skipTagged()
  }
  return { partitionIndex, offset }
}

function writeDeleteRecordsRequestTopicPartition(
  writer: KafkaWriter,
  value: DeleteRecordsRequestTopicPartition,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i32(value.partitionIndex)
  writer.i64(value.offset)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDeleteRecordsRequestTopic(reader: KafkaReader, version: number): DeleteRecordsRequestTopic {
  const isCompact = version >= 2
  const name = reader.string(isCompact)
  const partitions: DeleteRecordsRequestTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readDeleteRecordsRequestTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeDeleteRecordsRequestTopic(
  writer: KafkaWriter,
  value: DeleteRecordsRequestTopic,
  version: number,
): void {
  const isCompact = version >= 2
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeDeleteRecordsRequestTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDeleteRecordsRequest(reader: KafkaReader, version: number): DeleteRecordsRequest {
  const isCompact = version >= 2
  const topics: DeleteRecordsRequestTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readDeleteRecordsRequestTopic(reader, version))
  const timeoutMs = reader.i32()
  if (isCompact) {
    reader.skipTagged()
  }
  return { topics, timeoutMs }
}

function writeDeleteRecordsRequest(writer: KafkaWriter, value: DeleteRecordsRequest, version: number): void {
  const isCompact = version >= 2
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeDeleteRecordsRequestTopic(writer, element, version)
  writer.i32(value.timeoutMs)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDeleteRecordsResponseTopicPartition(
  reader: KafkaReader,
  version: number,
): DeleteRecordsResponseTopicPartition {
  const isCompact = version >= 2
  const partitionIndex = reader.i32()
  const lowWatermark = reader.i64()
  const errorCode = reader.i16()
  if (isCompact) {
    reader.skipTagged()
  }
  return { partitionIndex, lowWatermark, errorCode }
}

function writeDeleteRecordsResponseTopicPartition(
  writer: KafkaWriter,
  value: DeleteRecordsResponseTopicPartition,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i32(value.partitionIndex)
  writer.i64(value.lowWatermark)
  writer.i16(value.errorCode)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDeleteRecordsResponseTopic(reader: KafkaReader, version: number): DeleteRecordsResponseTopic {
  const isCompact = version >= 2
  const name = reader.string(isCompact)
  const partitions: DeleteRecordsResponseTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readDeleteRecordsResponseTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeDeleteRecordsResponseTopic(
  writer: KafkaWriter,
  value: DeleteRecordsResponseTopic,
  version: number,
): void {
  const isCompact = version >= 2
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeDeleteRecordsResponseTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readDeleteRecordsResponse(reader: KafkaReader, version: number): DeleteRecordsResponse {
  const isCompact = version >= 2
  const throttleTimeMs = reader.i32()
  const topics: DeleteRecordsResponseTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readDeleteRecordsResponseTopic(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, topics }
}

function writeDeleteRecordsResponse(
  writer: KafkaWriter,
  value: DeleteRecordsResponse,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i32(value.throttleTimeMs)
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeDeleteRecordsResponseTopic(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Drops the records before an offset. */
export const deleteRecordsApi: KafkaApi<DeleteRecordsRequest, DeleteRecordsResponse> = {
  name: 'DeleteRecords',
  key: 21,
  versions: { from: 0, to: 2 },
  advertisedFrom: 0,
  flexibleFrom: 2,
  readRequest: readDeleteRecordsRequest,
  writeRequest: writeDeleteRecordsRequest,
  readResponse: readDeleteRecordsResponse,
  writeResponse: writeDeleteRecordsResponse,
}
