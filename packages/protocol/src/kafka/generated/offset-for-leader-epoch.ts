// Generated from definitions/offset-for-leader-epoch.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface OffsetForLeaderEpochResponse {
  readonly throttleTimeMs: number
  readonly topics: readonly OffsetForLeaderEpochResponseTopic[]
}

export interface OffsetForLeaderEpochResponseTopic {
  readonly name: string
  readonly partitions: readonly OffsetForLeaderEpochResponseTopicPartition[]
}

export interface OffsetForLeaderEpochResponseTopicPartition {
  readonly errorCode: number
  readonly partition: number
  readonly leaderEpoch?: number | undefined
  readonly endOffset?: number | undefined
}

export interface OffsetForLeaderEpochRequest {
  readonly replicaId: number
  readonly topics: readonly OffsetForLeaderEpochRequestTopic[]
}

export interface OffsetForLeaderEpochRequestTopic {
  readonly name: string
  readonly partitions: readonly OffsetForLeaderEpochRequestTopicPartition[]
}

export interface OffsetForLeaderEpochRequestTopicPartition {
  readonly partition: number
  readonly currentLeaderEpoch: number
  readonly leaderEpoch: number
}

function readOffsetForLeaderEpochRequestTopicPartition(
  reader: KafkaReader,
  version: number,
): OffsetForLeaderEpochRequestTopicPartition {
  const isCompact = version >= 4
  const partition = reader.i32()
  const currentLeaderEpoch = reader.i32()
  const leaderEpoch = reader.i32()
  if (isCompact) {
    reader.skipTagged()
  }
  return { partition, currentLeaderEpoch, leaderEpoch }
}

function writeOffsetForLeaderEpochRequestTopicPartition(
  writer: KafkaWriter,
  value: OffsetForLeaderEpochRequestTopicPartition,
  version: number,
): void {
  const isCompact = version >= 4
  writer.i32(value.partition)
  writer.i32(value.currentLeaderEpoch)
  writer.i32(value.leaderEpoch)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetForLeaderEpochRequestTopic(
  reader: KafkaReader,
  version: number,
): OffsetForLeaderEpochRequestTopic {
  const isCompact = version >= 4
  const name = reader.string(isCompact)
  const partitions: OffsetForLeaderEpochRequestTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readOffsetForLeaderEpochRequestTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeOffsetForLeaderEpochRequestTopic(
  writer: KafkaWriter,
  value: OffsetForLeaderEpochRequestTopic,
  version: number,
): void {
  const isCompact = version >= 4
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions)
    writeOffsetForLeaderEpochRequestTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetForLeaderEpochRequest(reader: KafkaReader, version: number): OffsetForLeaderEpochRequest {
  const isCompact = version >= 4
  const replicaId: number = version >= 3 ? reader.i32() : -2
  const topics: OffsetForLeaderEpochRequestTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readOffsetForLeaderEpochRequestTopic(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { replicaId, topics }
}

function writeOffsetForLeaderEpochRequest(
  writer: KafkaWriter,
  value: OffsetForLeaderEpochRequest,
  version: number,
): void {
  const isCompact = version >= 4
  if (version >= 3) {
    writer.i32(value.replicaId)
  }
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeOffsetForLeaderEpochRequestTopic(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetForLeaderEpochResponseTopicPartition(
  reader: KafkaReader,
  version: number,
): OffsetForLeaderEpochResponseTopicPartition {
  const isCompact = version >= 4
  const errorCode = reader.i16()
  const partition = reader.i32()
  const leaderEpoch = reader.i32()
  const endOffset = reader.i64()
  if (isCompact) {
    reader.skipTagged()
  }
  return { errorCode, partition, leaderEpoch, endOffset }
}

function writeOffsetForLeaderEpochResponseTopicPartition(
  writer: KafkaWriter,
  value: OffsetForLeaderEpochResponseTopicPartition,
  version: number,
): void {
  const isCompact = version >= 4
  writer.i16(value.errorCode)
  writer.i32(value.partition)
  writer.i32(value.leaderEpoch ?? -1)
  writer.i64(value.endOffset ?? -1)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetForLeaderEpochResponseTopic(
  reader: KafkaReader,
  version: number,
): OffsetForLeaderEpochResponseTopic {
  const isCompact = version >= 4
  const name = reader.string(isCompact)
  const partitions: OffsetForLeaderEpochResponseTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readOffsetForLeaderEpochResponseTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeOffsetForLeaderEpochResponseTopic(
  writer: KafkaWriter,
  value: OffsetForLeaderEpochResponseTopic,
  version: number,
): void {
  const isCompact = version >= 4
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions)
    writeOffsetForLeaderEpochResponseTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetForLeaderEpochResponse(
  reader: KafkaReader,
  version: number,
): OffsetForLeaderEpochResponse {
  const isCompact = version >= 4
  const throttleTimeMs = reader.i32()
  const topics: OffsetForLeaderEpochResponseTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readOffsetForLeaderEpochResponseTopic(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, topics }
}

function writeOffsetForLeaderEpochResponse(
  writer: KafkaWriter,
  value: OffsetForLeaderEpochResponse,
  version: number,
): void {
  const isCompact = version >= 4
  writer.i32(value.throttleTimeMs)
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeOffsetForLeaderEpochResponseTopic(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Where the records of a leader epoch end. */
export const offsetForLeaderEpochApi: KafkaApi<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse> = {
  name: 'OffsetForLeaderEpoch',
  key: 23,
  versions: { from: 2, to: 4 },
  advertisedFrom: 2,
  flexibleFrom: 4,
  readRequest: readOffsetForLeaderEpochRequest,
  writeRequest: writeOffsetForLeaderEpochRequest,
  readResponse: readOffsetForLeaderEpochResponse,
  writeResponse: writeOffsetForLeaderEpochResponse,
}
