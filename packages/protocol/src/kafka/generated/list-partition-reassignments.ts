// Generated from definitions/list-partition-reassignments.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface ListPartitionReassignmentsResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly topics: readonly ListPartitionReassignmentsResponseTopic[]
}

export interface ListPartitionReassignmentsResponseTopic {
  readonly name: string
  readonly partitions: readonly ListPartitionReassignmentsResponseTopicPartition[]
}

export interface ListPartitionReassignmentsResponseTopicPartition {
  readonly partitionIndex: number
  readonly replicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
}

export interface ListPartitionReassignmentsRequest {
  readonly timeoutMs: number
  readonly topics: readonly ListPartitionReassignmentsRequestTopic[] | null
}

export interface ListPartitionReassignmentsRequestTopic {
  readonly name: string
  readonly partitionIndexes: readonly number[]
}

function readListPartitionReassignmentsRequestTopic(
  reader: KafkaReader,
  _version: number,
): ListPartitionReassignmentsRequestTopic {
  const name = reader.string(true)
  const partitionIndexes = reader.int32s(true)
  reader.skipTagged()
  return { name, partitionIndexes }
}

function writeListPartitionReassignmentsRequestTopic(
  writer: KafkaWriter,
  value: ListPartitionReassignmentsRequestTopic,
  _version: number,
): void {
  writer.string(value.name, true)
  writer.int32s(value.partitionIndexes, true)
  writer.uvarint(0)
}

function readListPartitionReassignmentsRequest(
  reader: KafkaReader,
  version: number,
): ListPartitionReassignmentsRequest {
  const timeoutMs = reader.i32()
  let topics: ListPartitionReassignmentsRequestTopic[] | null = null
  {
    const count = reader.count(true)
    topics = count < 0 ? null : []
    if (topics !== null)
      for (let left = count; left > 0; left--)
        topics.push(readListPartitionReassignmentsRequestTopic(reader, version))
  }
  reader.skipTagged()
  return { timeoutMs, topics }
}

function writeListPartitionReassignmentsRequest(
  writer: KafkaWriter,
  value: ListPartitionReassignmentsRequest,
  version: number,
): void {
  writer.i32(value.timeoutMs)
  writer.count(value.topics === null ? -1 : value.topics.length, true)
  if (value.topics !== null)
    for (const element of value.topics) writeListPartitionReassignmentsRequestTopic(writer, element, version)
  writer.uvarint(0)
}

function readListPartitionReassignmentsResponseTopicPartition(
  reader: KafkaReader,
  _version: number,
): ListPartitionReassignmentsResponseTopicPartition {
  const partitionIndex = reader.i32()
  const replicas = reader.int32s(true)
  const addingReplicas = reader.int32s(true)
  const removingReplicas = reader.int32s(true)
  reader.skipTagged()
  return { partitionIndex, replicas, addingReplicas, removingReplicas }
}

function writeListPartitionReassignmentsResponseTopicPartition(
  writer: KafkaWriter,
  value: ListPartitionReassignmentsResponseTopicPartition,
  _version: number,
): void {
  writer.i32(value.partitionIndex)
  writer.int32s(value.replicas, true)
  writer.int32s(value.addingReplicas, true)
  writer.int32s(value.removingReplicas, true)
  writer.uvarint(0)
}

function readListPartitionReassignmentsResponseTopic(
  reader: KafkaReader,
  version: number,
): ListPartitionReassignmentsResponseTopic {
  const name = reader.string(true)
  const partitions: ListPartitionReassignmentsResponseTopicPartition[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    partitions.push(readListPartitionReassignmentsResponseTopicPartition(reader, version))
  reader.skipTagged()
  return { name, partitions }
}

function writeListPartitionReassignmentsResponseTopic(
  writer: KafkaWriter,
  value: ListPartitionReassignmentsResponseTopic,
  version: number,
): void {
  writer.string(value.name, true)
  writer.count(value.partitions.length, true)
  for (const element of value.partitions)
    writeListPartitionReassignmentsResponseTopicPartition(writer, element, version)
  writer.uvarint(0)
}

function readListPartitionReassignmentsResponse(
  reader: KafkaReader,
  version: number,
): ListPartitionReassignmentsResponse {
  const throttleTimeMs = reader.i32()
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(true)
  const topics: ListPartitionReassignmentsResponseTopic[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    topics.push(readListPartitionReassignmentsResponseTopic(reader, version))
  reader.skipTagged()
  return { throttleTimeMs, errorCode, errorMessage, topics }
}

function writeListPartitionReassignmentsResponse(
  writer: KafkaWriter,
  value: ListPartitionReassignmentsResponse,
  version: number,
): void {
  writer.i32(value.throttleTimeMs)
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, true)
  writer.count(value.topics.length, true)
  for (const element of value.topics) writeListPartitionReassignmentsResponseTopic(writer, element, version)
  writer.uvarint(0)
}

/** Replicas that are being moved. */
export const listPartitionReassignmentsApi: KafkaApi<
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse
> = {
  name: 'ListPartitionReassignments',
  key: 46,
  versions: { from: 0, to: 0 },
  advertisedFrom: 0,
  flexibleFrom: 0,
  readRequest: readListPartitionReassignmentsRequest,
  writeRequest: writeListPartitionReassignmentsRequest,
  readResponse: readListPartitionReassignmentsResponse,
  writeResponse: writeListPartitionReassignmentsResponse,
}
