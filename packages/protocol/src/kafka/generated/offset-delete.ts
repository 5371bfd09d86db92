// Generated from definitions/offset-delete.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface OffsetDeleteResponse {
  readonly errorCode: number
  readonly throttleTimeMs: number
  readonly topics: readonly OffsetDeleteResponseTopic[]
}

export interface OffsetDeleteResponseTopic {
  readonly name: string
  readonly partitions: readonly OffsetDeleteResponseTopicPartition[]
}

export interface OffsetDeleteResponseTopicPartition {
  readonly partitionIndex: number
  readonly errorCode: number
}

export interface OffsetDeleteRequest {
  readonly groupId: string
  readonly topics: readonly OffsetDeleteRequestTopic[]
}

export interface OffsetDeleteRequestTopic {
  readonly name: string
  readonly partitions: readonly OffsetDeleteRequestTopicPartition[]
}

export interface OffsetDeleteRequestTopicPartition {
  readonly partitionIndex: number
}

function readOffsetDeleteRequestTopicPartition(
  reader: KafkaReader,
  _version: number,
): OffsetDeleteRequestTopicPartition {
  const partitionIndex = reader.i32()
  return { partitionIndex }
}

function writeOffsetDeleteRequestTopicPartition(
  writer: KafkaWriter,
  value: OffsetDeleteRequestTopicPartition,
  _version: number,
): void {
  writer.i32(value.partitionIndex)
}

function readOffsetDeleteRequestTopic(reader: KafkaReader, version: number): OffsetDeleteRequestTopic {
  const name = reader.string(false)
  const partitions: OffsetDeleteRequestTopicPartition[] = []
  for (let left = reader.countOfSome(false); left > 0; left--)
    partitions.push(readOffsetDeleteRequestTopicPartition(reader, version))
  return { name, partitions }
}

function writeOffsetDeleteRequestTopic(
  writer: KafkaWriter,
  value: OffsetDeleteRequestTopic,
  version: number,
): void {
  writer.string(value.name, false)
  writer.count(value.partitions.length, false)
  for (const element of value.partitions) writeOffsetDeleteRequestTopicPartition(writer, element, version)
}

function readOffsetDeleteRequest(reader: KafkaReader, version: number): OffsetDeleteRequest {
  const groupId = reader.string(false)
  const topics: OffsetDeleteRequestTopic[] = []
  for (let left = reader.countOfSome(false); left > 0; left--)
    topics.push(readOffsetDeleteRequestTopic(reader, version))
  return { groupId, topics }
}

function writeOffsetDeleteRequest(writer: KafkaWriter, value: OffsetDeleteRequest, version: number): void {
  writer.string(value.groupId, false)
  writer.count(value.topics.length, false)
  for (const element of value.topics) writeOffsetDeleteRequestTopic(writer, element, version)
}

function readOffsetDeleteResponseTopicPartition(
  reader: KafkaReader,
  _version: number,
): OffsetDeleteResponseTopicPartition {
  const partitionIndex = reader.i32()
  const errorCode = reader.i16()
  return { partitionIndex, errorCode }
}

function writeOffsetDeleteResponseTopicPartition(
  writer: KafkaWriter,
  value: OffsetDeleteResponseTopicPartition,
  _version: number,
): void {
  writer.i32(value.partitionIndex)
  writer.i16(value.errorCode)
}

function readOffsetDeleteResponseTopic(reader: KafkaReader, version: number): OffsetDeleteResponseTopic {
  const name = reader.string(false)
  const partitions: OffsetDeleteResponseTopicPartition[] = []
  for (let left = reader.countOfSome(false); left > 0; left--)
    partitions.push(readOffsetDeleteResponseTopicPartition(reader, version))
  return { name, partitions }
}

function writeOffsetDeleteResponseTopic(
  writer: KafkaWriter,
  value: OffsetDeleteResponseTopic,
  version: number,
): void {
  writer.string(value.name, false)
  writer.count(value.partitions.length, false)
  for (const element of value.partitions) writeOffsetDeleteResponseTopicPartition(writer, element, version)
}

function readOffsetDeleteResponse(reader: KafkaReader, version: number): OffsetDeleteResponse {
  const errorCode = reader.i16()
  const throttleTimeMs = reader.i32()
  const topics: OffsetDeleteResponseTopic[] = []
  for (let left = reader.countOfSome(false); left > 0; left--)
    topics.push(readOffsetDeleteResponseTopic(reader, version))
  return { errorCode, throttleTimeMs, topics }
}

function writeOffsetDeleteResponse(writer: KafkaWriter, value: OffsetDeleteResponse, version: number): void {
  writer.i16(value.errorCode)
  writer.i32(value.throttleTimeMs)
  writer.count(value.topics.length, false)
  for (const element of value.topics) writeOffsetDeleteResponseTopic(writer, element, version)
}

/** Forgets how far a group has come in partitions that none of its members reads. */
export const offsetDeleteApi: KafkaApi<OffsetDeleteRequest, OffsetDeleteResponse> = {
  name: 'OffsetDelete',
  key: 47,
  versions: { from: 0, to: 0 },
  advertisedFrom: 0,
  flexibleFrom: Infinity,
  readRequest: readOffsetDeleteRequest,
  writeRequest: writeOffsetDeleteRequest,
  readResponse: readOffsetDeleteResponse,
  writeResponse: writeOffsetDeleteResponse,
}
