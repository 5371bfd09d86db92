// Generated from definitions/list-offsets.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface ListOffsetsResponse {
  readonly throttleTimeMs: number
  readonly topics: readonly ListOffsetsResponseTopic[]
}

export interface ListOffsetsResponseTopic {
  readonly name: string
  readonly partitions: readonly ListOffsetsResponseTopicPartition[]
}

export interface ListOffsetsResponseTopicPartition {
  readonly partitionIndex: number
  readonly errorCode: number
  readonly timestamp?: number | undefined
  readonly offset?: number | undefined
  readonly leaderEpoch?: number | undefined
}

export interface ListOffsetsRequest {
  readonly replicaId: number
  readonly isolationLevel: number
  readonly topics: readonly ListOffsetsRequestTopic[]
  readonly timeoutMs: number
}

export interface ListOffsetsRequestTopic {
  readonly name: string
  readonly partitions: readonly ListOffsetsRequestTopicPartition[]
}

export interface ListOffsetsRequestTopicPartition {
  readonly partitionIndex: number
  readonly currentLeaderEpoch: number
  readonly timestamp: number
}

function readListOffsetsRequestTopicPartition(
  reader: KafkaReader,
  version: number,
): ListOffsetsRequestTopicPartition {
  const isCompact = version >= 6
  const partitionIndex = reader.i32()
  const currentLeaderEpoch: number = version >= 4 ? reader.i32() : -1
  const timestamp = reader.i64()
  if (isCompact) {
    reader.skipTagged()
  }
  return { partitionIndex, currentLeaderEpoch, timestamp }
}

function writeListOffsetsRequestTopicPartition(
  writer: KafkaWriter,
  value: ListOffsetsRequestTopicPartition,
  version: number,
): void {
  const isCompact = version >= 6
  writer.i32(value.partitionIndex)
  if (version >= 4) {
    writer.i32(value.currentLeaderEpoch)
  }
  writer.i64(value.timestamp)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readListOffsetsRequestTopic(reader: KafkaReader, version: number): ListOffsetsRequestTopic {
  const isCompact = version >= 6
  const name = reader.string(isCompact)
  const partitions: ListOffsetsRequestTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readListOffsetsRequestTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeListOffsetsRequestTopic(
  writer: KafkaWriter,
  value: ListOffsetsRequestTopic,
  version: number,
): void {
  const isCompact = version >= 6
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeListOffsetsRequestTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readListOffsetsRequest(reader: KafkaReader, version: number): ListOffsetsRequest {
  const isCompact = version >= 6
  const replicaId = reader.i32()
  const isolationLevel: number = version >= 2 ? reader.i8() : 0
  const topics: ListOffsetsRequestTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readListOffsetsRequestTopic(reader, version))
  const timeoutMs: number = version >= 10 ? reader.i32() : 0
  if (isCompact) {
    reader.skipTagged()
  }
  return { replicaId, isolationLevel, topics, timeoutMs }
}

function writeListOffsetsRequest(writer: KafkaWriter, value: ListOffsetsRequest, version: number): void {
  const isCompact = version >= 6
  writer.i32(value.replicaId)
  if (version >= 2) {
    writer.i8(value.isolationLevel)
  }
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeListOffsetsRequestTopic(writer, element, version)
  if (version >= 10) {
    writer.i32(value.timeoutMs)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readListOffsetsResponseTopicPartition(
  reader: KafkaReader,
  version: number,
): ListOffsetsResponseTopicPartition {
  const isCompact = version >= 6
  const partitionIndex = reader.i32()
  const errorCode = reader.i16()
  const timestamp = reader.i64()
  const offset = reader.i64()
  const leaderEpoch: number = version >= 4 ? reader.i32() : -1
  if (isCompact) {
    reader.skipTagged()
  }
  return { partitionIndex, errorCode, timestamp, offset, leaderEpoch }
}

function writeListOffsetsResponseTopicPartition(
  writer: KafkaWriter,
  value: ListOffsetsResponseTopicPartition,
  version: number,
): void {
  const isCompact = version >= 6
  writer.i32(value.partitionIndex)
  writer.i16(value.errorCode)
  writer.i64(value.timestamp ?? -1)
  writer.i64(value.offset ?? -1)
  if (version >= 4) {
    writer.i32(value.leaderEpoch ?? -1)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readListOffsetsResponseTopic(reader: KafkaReader, version: number): ListOffsetsResponseTopic {
  const isCompact = version >= 6
  const name = reader.string(isCompact)
  const partitions: ListOffsetsResponseTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readListOffsetsResponseTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeListOffsetsResponseTopic(
  writer: KafkaWriter,
  value: ListOffsetsResponseTopic,
  version: number,
): void {
  const isCompact = version >= 6
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeListOffsetsResponseTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readListOffsetsResponse(reader: KafkaReader, version: number): ListOffsetsResponse {
  const isCompact = version >= 6
  const throttleTimeMs: number = version >= 2 ? reader.i32() : 0
  const topics: ListOffsetsResponseTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readListOffsetsResponseTopic(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, topics }
}

function writeListOffsetsResponse(writer: KafkaWriter, value: ListOffsetsResponse, version: number): void {
  const isCompact = version >= 6
  if (version >= 2) {
    writer.i32(value.throttleTimeMs)
  }
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeListOffsetsResponseTopic(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** The offset of a time, or of the start or end of a partition. */
export const listOffsetsApi: KafkaApi<ListOffsetsRequest, ListOffsetsResponse> = {
  name: 'ListOffsets',
  key: 2,
  versions: { from: 1, to: 10 },
  advertisedFrom: 1,
  flexibleFrom: 6,
  readRequest: readListOffsetsRequest,
  writeRequest: writeListOffsetsRequest,
  readResponse: readListOffsetsResponse,
  writeResponse: writeListOffsetsResponse,
}
