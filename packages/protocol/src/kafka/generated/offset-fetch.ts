// Generated from definitions/offset-fetch.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface OffsetFetchResponse {
  readonly throttleTimeMs: number
  readonly topics: readonly OffsetFetchResponseTopic[]
  readonly errorCode: number
  readonly groups: readonly OffsetFetchResponseGroup[]
}

export interface OffsetFetchResponseGroup {
  readonly groupId: string
  readonly topics: readonly OffsetFetchResponseGroupTopic[]
  readonly errorCode: number
}

export interface OffsetFetchResponseGroupTopic {
  readonly name: string
  readonly partitions: readonly OffsetFetchResponseGroupTopicPartition[]
}

export interface OffsetFetchResponseGroupTopicPartition {
  readonly partitionIndex: number
  readonly committedOffset: number
  readonly committedLeaderEpoch?: number | undefined
  readonly metadata: string | null
  readonly errorCode: number
}

export interface OffsetFetchResponseTopic {
  readonly name: string
  readonly partitions: readonly OffsetFetchResponseTopicPartition[]
}

export interface OffsetFetchResponseTopicPartition {
  readonly partitionIndex: number
  readonly committedOffset: number
  readonly committedLeaderEpoch?: number | undefined
  readonly metadata: string | null
  readonly errorCode: number
}

export interface OffsetFetchRequest {
  readonly groupId: string
  readonly topics: readonly OffsetFetchRequestTopic[] | null
  readonly groups: readonly OffsetFetchRequestGroup[]
  readonly requireStable: boolean
}

export interface OffsetFetchRequestGroup {
  readonly groupId: string
  readonly memberId: string | null
  readonly memberEpoch: number
  readonly topics: readonly OffsetFetchRequestGroupTopic[] | null
}

export interface OffsetFetchRequestGroupTopic {
  readonly name: string
  readonly partitionIndexes: readonly number[]
}

export interface OffsetFetchRequestTopic {
  readonly name: string
  readonly partitionIndexes: readonly number[]
}

function readOffsetFetchRequestTopic(reader: KafkaReader, version: number): OffsetFetchRequestTopic {
  const isCompact = version >= 6
  const name = reader.string(isCompact)
  const partitionIndexes = reader.int32s(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitionIndexes }
}

function writeOffsetFetchRequestTopic(
  writer: KafkaWriter,
  value: OffsetFetchRequestTopic,
  version: number,
): void {
  const isCompact = version >= 6
  writer.string(value.name, isCompact)
  writer.int32s(value.partitionIndexes, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetFetchRequestGroupTopic(
  reader: KafkaReader,
  _version: number,
): OffsetFetchRequestGroupTopic {
  const name = reader.string(true)
  const partitionIndexes = reader.int32s(true)
  reader.skipTagged()
  return { name, partitionIndexes }
}

function writeOffsetFetchRequestGroupTopic(
  writer: KafkaWriter,
  value: OffsetFetchRequestGroupTopic,
  _version: number,
): void {
  writer.string(value.name, true)
  writer.int32s(value.partitionIndexes, true)
  writer.uvarint(0)
}

function readOffsetFetchRequestGroup(reader: KafkaReader, version: number): OffsetFetchRequestGroup {
  const groupId = reader.string(true)
  const memberId: string | null = version >= 9 ? reader.nullableString(true) : null
  const memberEpoch: number = version >= 9 ? reader.i32() : -1
  let topics: OffsetFetchRequestGroupTopic[] | null = null
  {
    const count = reader.count(true)
    topics = count < 0 ? null : []
    if (topics !== null)
      for (let left = count; left > 0; left--) topics.push(readOffsetFetchRequestGroupTopic(reader, version))
  }
  reader.skipTagged()
  return { groupId, memberId, memberEpoch, topics }
}

function writeOffsetFetchRequestGroup(
  writer: KafkaWriter,
  value: OffsetFetchRequestGroup,
  version: number,
): void {
  writer.string(value.groupId, true)
  if (version >= 9) {
    writer.nullableString(value.memberId, true)
  }
  if (version >= 9) {
    writer.i32(value.memberEpoch)
  }
  writer.count(value.topics === null ? -1 : value.topics.length, true)
  if (value.topics !== null)
    for (const element of value.topics) writeOffsetFetchRequestGroupTopic(writer, element, version)
  writer.uvarint(0)
}

function readOffsetFetchRequest(reader: KafkaReader, version: number): OffsetFetchRequest {
  const isCompact = version >= 6
  const groupId: string = version <= 7 ? reader.string(isCompact) : ''
  let topics: OffsetFetchRequestTopic[] | null = null
  if (version <= 7) {
    const count = version >= 2 ? reader.count(isCompact) : reader.countOfSome(isCompact)
    topics = count < 0 ? null : []
    if (topics !== null)
      for (let left = count; left > 0; left--) topics.push(readOffsetFetchRequestTopic(reader, version))
  }
  const groups: OffsetFetchRequestGroup[] = []
  if (version >= 8) {
    for (let left = reader.countOfSome(isCompact); left > 0; left--)
      groups.push(readOffsetFetchRequestGroup(reader, version))
  }
  const requireStable: boolean = version >= 7 ? reader.bool() : false
  if (isCompact) {
    reader.skipTagged()
  }
  return { groupId, topics, groups, requireStable }
}

function writeOffsetFetchRequest(writer: KafkaWriter, value: OffsetFetchRequest, version: number): void {
  const isCompact = version >= 6
  if (version <= 7) {
    writer.string(value.groupId, isCompact)
  }
  if (version <= 7) {
    writer.count(value.topics === null ? -1 : value.topics.length, isCompact)
    if (value.topics !== null)
      for (const element of value.topics) writeOffsetFetchRequestTopic(writer, element, version)
  }
  if (version >= 8) {
    writer.count(value.groups.length, isCompact)
    for (const element of value.groups) writeOffsetFetchRequestGroup(writer, element, version)
  }
  if (version >= 7) {
    writer.bool(value.requireStable)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetFetchResponseTopicPartition(
  reader: KafkaReader,
  version: number,
): OffsetFetchResponseTopicPartition {
  const isCompact = version >= 6
  const partitionIndex = reader.i32()
  const committedOffset = reader.i64()
  const committedLeaderEpoch: number = version >= 5 ? reader.i32() : -1
  const metadata = reader.nullableString(isCompact)
  const errorCode = reader.i16()
  if (isCompact) {
    reader.skipTagged()
  }
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode }
}

function writeOffsetFetchResponseTopicPartition(
  writer: KafkaWriter,
  value: OffsetFetchResponseTopicPartition,
  version: number,
): void {
  const isCompact = version >= 6
  writer.i32(value.partitionIndex)
  writer.i64(value.committedOffset)
  if (version >= 5) {
    writer.i32(value.committedLeaderEpoch ?? -1)
  }
  writer.nullableString(value.metadata, isCompact)
  writer.i16(value.errorCode)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetFetchResponseTopic(reader: KafkaReader, version: number): OffsetFetchResponseTopic {
  const isCompact = version >= 6
  const name = reader.string(isCompact)
  const partitions: OffsetFetchResponseTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readOffsetFetchResponseTopicPartition(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { name, partitions }
}

function writeOffsetFetchResponseTopic(
  writer: KafkaWriter,
  value: OffsetFetchResponseTopic,
  version: number,
): void {
  const isCompact = version >= 6
  writer.string(value.name, isCompact)
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeOffsetFetchResponseTopicPartition(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readOffsetFetchResponseGroupTopicPartition(
  reader: KafkaReader,
  _version: number,
): OffsetFetchResponseGroupTopicPartition {
  const partitionIndex = reader.i32()
  const committedOffset = reader.i64()
  const committedLeaderEpoch = reader.i32()
  const metadata = reader.nullableString(true)
  const errorCode = reader.i16()
  reader.skipTagged()
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode }
}

function writeOffsetFetchResponseGroupTopicPartition(
  writer: KafkaWriter,
  value: OffsetFetchResponseGroupTopicPartition,
  _version: number,
): void {
  writer.i32(value.partitionIndex)
  writer.i64(value.committedOffset)
  writer.i32(value.committedLeaderEpoch ?? -1)
  writer.nullableString(value.metadata, true)
  writer.i16(value.errorCode)
  writer.uvarint(0)
}

function readOffsetFetchResponseGroupTopic(
  reader: KafkaReader,
  version: number,
): OffsetFetchResponseGroupTopic {
  const name = reader.string(true)
  const partitions: OffsetFetchResponseGroupTopicPartition[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    partitions.push(readOffsetFetchResponseGroupTopicPartition(reader, version))
  reader.skipTagged()
  return { name, partitions }
}

function writeOffsetFetchResponseGroupTopic(
  writer: KafkaWriter,
  value: OffsetFetchResponseGroupTopic,
  version: number,
): void {
  writer.string(value.name, true)
  writer.count(value.partitions.length, true)
  for (const element of value.partitions)
    writeOffsetFetchResponseGroupTopicPartition(writer, element, version)
  writer.uvarint(0)
}

function readOffsetFetchResponseGroup(reader: KafkaReader, version: number): OffsetFetchResponseGroup {
  const groupId = reader.string(true)
  const topics: OffsetFetchResponseGroupTopic[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    topics.push(readOffsetFetchResponseGroupTopic(reader, version))
  const errorCode = reader.i16()
  reader.skipTagged()
  return { groupId, topics, errorCode }
}

function writeOffsetFetchResponseGroup(
  writer: KafkaWriter,
  value: OffsetFetchResponseGroup,
  version: number,
): void {
  writer.string(value.groupId, true)
  writer.count(value.topics.length, true)
  for (const element of value.topics) writeOffsetFetchResponseGroupTopic(writer, element, version)
  writer.i16(value.errorCode)
  writer.uvarint(0)
}

function readOffsetFetchResponse(reader: KafkaReader, version: number): OffsetFetchResponse {
  const isCompact = version >= 6
  const throttleTimeMs: number = version >= 3 ? reader.i32() : 0
  const topics: OffsetFetchResponseTopic[] = []
  if (version <= 7) {
    for (let left = reader.countOfSome(isCompact); left > 0; left--)
      topics.push(readOffsetFetchResponseTopic(reader, version))
  }
  const errorCode: number = version >= 2 && version <= 7 ? reader.i16() : 0
  const groups: OffsetFetchResponseGroup[] = []
  if (version >= 8) {
    for (let left = reader.countOfSome(isCompact); left > 0; left--)
      groups.push(readOffsetFetchResponseGroup(reader, version))
  }
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, topics, errorCode, groups }
}

function writeOffsetFetchResponse(writer: KafkaWriter, value: OffsetFetchResponse, version: number): void {
  const isCompact = version >= 6
  if (version >= 3) {
    writer.i32(value.throttleTimeMs)
  }
  if (version <= 7) {
    writer.count(value.topics.length, isCompact)
    for (const element of value.topics) writeOffsetFetchResponseTopic(writer, element, version)
  }
  if (version >= 2 && version <= 7) {
    writer.i16(value.errorCode)
  }
  if (version >= 8) {
    writer.count(value.groups.length, isCompact)
    for (const element of value.groups) writeOffsetFetchResponseGroup(writer, element, version)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** How far groups have come. */
export const offsetFetchApi: KafkaApi<OffsetFetchRequest, OffsetFetchResponse> = {
  name: 'OffsetFetch',
  key: 9,
  versions: { from: 1, to: 9 },
  advertisedFrom: 1,
  flexibleFrom: 6,
  readRequest: readOffsetFetchRequest,
  writeRequest: writeOffsetFetchRequest,
  readResponse: readOffsetFetchResponse,
  writeResponse: writeOffsetFetchResponse,
}
