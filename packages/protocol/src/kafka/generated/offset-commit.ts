// Generated from definitions/offset-commit.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface OffsetCommitResponse {
  readonly throttleTimeMs: number
  readonly topics: readonly OffsetCommitResponseTopic[]
}

export interface OffsetCommitResponseTopic {
  readonly name: string
  readonly partitions: readonly OffsetCommitResponseTopicPartition[]
}

export interface OffsetCommitResponseTopicPartition {
  readonly partitionIndex: number
  readonly errorCode: number
}

export interface OffsetCommitRequest {
  readonly groupId: string
  readonly generationIdOrMemberEpoch: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly retentionTimeMs: number
  readonly topics: readonly OffsetCommitRequestTopic[]
}

export interface OffsetCommitRequestTopic {
  readonly name: string
  readonly partitions: readonly OffsetCommitRequestTopicPartition[]
}

export interface OffsetCommitRequestTopicPartition {
  readonly partitionIndex: number
  readonly committedOffset: number
  readonly commitTimestamp: number
  readonly committedLeaderEpoch: number
  readonly committedMetadata: string | null
}

function readOffsetCommitRequestTopicPartition(
  reader: KafkaReader,
  version: number,
): OffsetCommitRequestTopicPartition {
  const isCompact = version >= 8
  const partitionIndex = reader.i32()
  const committedOffset = reader.i64()
  const commitTimestamp: number = version <= 1 ? reader.i64() : -1
  const committedLeaderEpoch: number = version >= 6 ? reader.i32() : -1
  const committedMetadata = reader.nullableString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { partitionIndex, committedOffset, commitTimestamp, committedLeaderEpoch, committedMetadata }
}

function writeOffsetCommitRequestTopicPartition(
  writer: KafkaWriter,
  value: OffsetCommitRequestTopicPartition,
  version: number,
): void {
  const isCompact = version >= 8
  writer.i32(value.partitionIndex)
  writer.i64(value.committedOffset)
  if (version <= 1) {
    writer.i64(value.commitTimestamp)
  }
  if (version >= 6) {
    writer.i32(value.committedLeaderEpoch)
  }
  writer.nullableString(value.committedMetadata, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetCommitRequestTopic(reader: KafkaReader, version: number): OffsetCommitRequestTopic {
  const isCompact = version >= 8
  const name = reader.string(isCompact)
  const partitions: OffsetCommitRequestTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readOffsetCommitRequestTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeOffsetCommitRequestTopic(
  writer: KafkaWriter,
  value: OffsetCommitRequestTopic,
  version: number,
): void {
  const isCompact = version >= 8
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeOffsetCommitRequestTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetCommitRequest(reader: KafkaReader, version: number): OffsetCommitRequest {
  const isCompact = version >= 8
  const groupId = reader.string(isCompact)
  const generationIdOrMemberEpoch = reader.i32()
  const memberId = reader.string(isCompact)
  const groupInstanceId: string | null = version >= 7 ? reader.nullableString(isCompact) : null
  const retentionTimeMs: number = version >= 2 && version <= 4 ? reader.i64() : -1
  const topics: OffsetCommitRequestTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readOffsetCommitRequestTopic(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { groupId, generationIdOrMemberEpoch, memberId, groupInstanceId, retentionTimeMs, topics }
}

function writeOffsetCommitRequest(writer: KafkaWriter, value: OffsetCommitRequest, version: number): void {
  const isCompact = version >= 8
  writer.string(value.groupId, isCompact)
  writer.i32(value.generationIdOrMemberEpoch)
  writer.string(value.memberId, isCompact)
  if (version >= 7) {
    writer.nullableString(value.groupInstanceId, isCompact)
  }
  if (version >= 2 && version <= 4) {
    writer.i64(value.retentionTimeMs)
  }
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeOffsetCommitRequestTopic(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetCommitResponseTopicPartition(
  reader: KafkaReader,
  version: number,
): OffsetCommitResponseTopicPartition {
  const isCompact = version >= 8
  const partitionIndex = reader.i32()
  const errorCode = reader.i16()
  if (isCompact) {
    reader.skipTagged()
  }
  return { partitionIndex, errorCode }
}

function writeOffsetCommitResponseTopicPartition(
  writer: KafkaWriter,
  value: OffsetCommitResponseTopicPartition,
  version: number,
): void {
  const isCompact = version >= 8
  writer.i32(value.partitionIndex)
  writer.i16(value.errorCode)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetCommitResponseTopic(reader: KafkaReader, version: number): OffsetCommitResponseTopic {
  const isCompact = version >= 8
  const name = reader.string(isCompact)
  const partitions: OffsetCommitResponseTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readOffsetCommitResponseTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeOffsetCommitResponseTopic(
  writer: KafkaWriter,
  value: OffsetCommitResponseTopic,
  version: number,
): void {
  const isCompact = version >= 8
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeOffsetCommitResponseTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetCommitResponse(reader: KafkaReader, version: number): OffsetCommitResponse {
  const isCompact = version >= 8
  const throttleTimeMs: number = version >= 3 ? reader.i32() : 0
  const topics: OffsetCommitResponseTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readOffsetCommitResponseTopic(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, topics }
}

function writeOffsetCommitResponse(writer: KafkaWriter, value: OffsetCommitResponse, version: number): void {
  const isCompact = version >= 8
  if (version >= 3) {
    writer.i32(value.throttleTimeMs)
  }
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeOffsetCommitResponseTopic(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Keeps how far a group has come. */
export const offsetCommitApi: KafkaApi<OffsetCommitRequest, OffsetCommitResponse> = {
  name: 'OffsetCommit',
  key: 8,
  versions: { from: 1, to: 9 },
  advertisedFrom: 1,
  flexibleFrom: 8,
  readRequest: readOffsetCommitRequest,
  writeRequest: writeOffsetCommitRequest,
  readResponse: readOffsetCommitResponse,
  writeResponse: writeOffsetCommitResponse,
}
