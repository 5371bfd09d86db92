// Generated from definitions/alter-partition-reassignments.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface AlterPartitionReassignmentsResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly responses: readonly AlterPartitionReassignmentsResponseResponse[]
}

export interface AlterPartitionReassignmentsResponseResponse {
  readonly name: string
  readonly partitions: readonly AlterPartitionReassignmentsResponseResponsePartition[]
}

export interface AlterPartitionReassignmentsResponseResponsePartition {
  readonly partitionIndex: number
  readonly errorCode: number
  readonly errorMessage: string | null
}

export interface AlterPartitionReassignmentsRequest {
  readonly timeoutMs: number
  readonly topics: readonly AlterPartitionReassignmentsRequestTopic[]
}

export interface AlterPartitionReassignmentsRequestTopic {
  readonly name: string
  readonly partitions: readonly AlterPartitionReassignmentsRequestTopicPartition[]
}

export interface AlterPartitionReassignmentsRequestTopicPartition {
  readonly partitionIndex: number
  readonly replicas: readonly number[] | null
}

function readAlterPartitionReassignmentsRequestTopicPartition(
  reader: KafkaReader,
  _version: number,
): AlterPartitionReassignmentsRequestTopicPartition {
  const partitionIndex = reader.i32()
  const replicas = reader.nullableInt32s(true)
  reader.skipTagged()
  return { partitionIndex, replicas }
}

function writeAlterPartitionReassignmentsRequestTopicPartition(
  writer: KafkaWriter,
  value: AlterPartitionReassignmentsRequestTopicPartition,
  _version: number,
): void {
  writer.i32(value.partitionIndex)
  writer.int32s(value.replicas, true)
  writer.uvarint(0)
}

function readAlterPartitionReassignmentsRequestTopic(
  reader: KafkaReader,
  version: number,
): AlterPartitionReassignmentsRequestTopic {
  const name = reader.string(true)
  const partitions: AlterPartitionReassignmentsRequestTopicPartition[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    partitions.push(readAlterPartitionReassignmentsRequestTopicPartition(reader, version))
  reader.skipTagged()
  return { name, partitions }
}

function writeAlterPartitionReassignmentsRequestTopic(
  writer: KafkaWriter,
  value: AlterPartitionReassignmentsRequestTopic,
  version: number,
): void {
  writer.string(value.name, true)
  writer.count(value.partitions.length, true)
  for (const element of value.partitions)
    writeAlterPartitionReassignmentsRequestTopicPartition(writer, element, version)
  writer.uvarint(0)
}

function readAlterPartitionReassignmentsRequest(
  reader: KafkaReader,
  version: number,
): AlterPartitionReassignmentsRequest {
  const timeoutMs = reader.i32()
  const topics: AlterPartitionReassignmentsRequestTopic[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    topics.push(readAlterPartitionReassignmentsRequestTopic(reader, version))
  reader.skipTagged()
  return { timeoutMs, topics }
}

function writeAlterPartitionReassignmentsRequest(
  writer: KafkaWriter,
  value: AlterPartitionReassignmentsRequest,
  version: number,
): void {
  writer.i32(value.timeoutMs)
  writer.count(value.topics.length, true)
  for (const element of value.topics) writeAlterPartitionReassignmentsRequestTopic(writer, element, version)
  writer.uvarint(0)
}

function readAlterPartitionReassignmentsResponseResponsePartition(
  reader: KafkaReader,
  _version: number,
): AlterPartitionReassignmentsResponseResponsePartition {
  const partitionIndex = reader.i32()
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(true)
  reader.skipTagged()
  return { partitionIndex, errorCode, errorMessage }
}

function writeAlterPartitionReassignmentsResponseResponsePartition(
  writer: KafkaWriter,
  value: AlterPartitionReassignmentsResponseResponsePartition,
  _version: number,
): void {
  writer.i32(value.partitionIndex)
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, true)
  writer.uvarint(0)
}

function readAlterPartitionReassignmentsResponseResponse(
  reader: KafkaReader,
  version: number,
): AlterPartitionReassignmentsResponseResponse {
  const name = reader.string(true)
  const partitions: AlterPartitionReassignmentsResponseResponsePartition[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    partitions.push(readAlterPartitionReassignmentsResponseResponsePartition(reader, version))
  reader.skipTagged()
  return { name, partitions }
}

function writeAlterPartitionReassignmentsResponseResponse(
  writer: KafkaWriter,
  value: AlterPartitionReassignmentsResponseResponse,
  version: number,
): void {
  writer.string(value.name, true)
  writer.count(value.partitions.length, true)
  for (const element of value.partitions)
    writeAlterPartitionReassignmentsResponseResponsePartition(writer, element, version)
  writer.uvarint(0)
}

function readAlterPartitionReassignmentsResponse(
  reader: KafkaReader,
  version: number,
): AlterPartitionReassignmentsResponse {
  const throttleTimeMs = reader.i32()
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(true)
  const responses: AlterPartitionReassignmentsResponseResponse[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    responses.push(readAlterPartitionReassignmentsResponseResponse(reader, version))
  reader.skipTagged()
  return { throttleTimeMs, errorCode, errorMessage, responses }
}

function writeAlterPartitionReassignmentsResponse(
  writer: KafkaWriter,
  value: AlterPartitionReassignmentsResponse,
  version: number,
): void {
  writer.i32(value.throttleTimeMs)
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, true)
  writer.count(value.responses.length, true)
  for (const element of value.responses)
    writeAlterPartitionReassignmentsResponseResponse(writer, element, version)
  writer.uvarint(0)
}

/** Moves replicas to other brokers. */
export const alterPartitionReassignmentsApi: KafkaApi<
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse
> = {
  name: 'AlterPartitionReassignments',
  key: 45,
  versions: { from: 0, to: 0 },
  advertisedFrom: 0,
  flexibleFrom: 0,
  readRequest: readAlterPartitionReassignmentsRequest,
  writeRequest: writeAlterPartitionReassignmentsRequest,
  readResponse: readAlterPartitionReassignmentsResponse,
  writeResponse: writeAlterPartitionReassignmentsResponse,
}
