// Generated from definitions/elect-leaders.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface ElectLeadersResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly replicaElectionResults: readonly ElectLeadersResponseReplicaElectionResult[]
}

export interface ElectLeadersResponseReplicaElectionResult {
  readonly topic: string
  readonly partitionResults: readonly ElectLeadersResponseReplicaElectionResultPartitionResult[]
}

export interface ElectLeadersResponseReplicaElectionResultPartitionResult {
  readonly partitionId: number
  readonly errorCode: number
  readonly errorMessage: string | null
}

export interface ElectLeadersRequest {
  readonly electionType: number
  readonly topicPartitions: readonly ElectLeadersRequestTopicPartition[] | null
  readonly timeoutMs: number
}

export interface ElectLeadersRequestTopicPartition {
  readonly topic: string
  readonly partitions: readonly number[]
}

function readElectLeadersRequestTopicPartition(
  reader: KafkaReader,
  version: number,
): ElectLeadersRequestTopicPartition {
  const isCompact = version >= 2
  const topic = reader.string(isCompact)
  const partitions = reader.int32s(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { topic, partitions }
}

function writeElectLeadersRequestTopicPartition(
  writer: KafkaWriter,
  value: ElectLeadersRequestTopicPartition,
  version: number,
): void {
  const isCompact = version >= 2
  writer.string(value.topic, isCompact)
  writer.int32s(value.partitions, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readElectLeadersRequest(reader: KafkaReader, version: number): ElectLeadersRequest {
  const isCompact = version >= 2
  const electionType: number = version >= 1 ? reader.i8() : 0
  let topicPartitions: ElectLeadersRequestTopicPartition[] | null = null
  {
    const count = reader.count(isCompact)
    topicPartitions = count < 0 ? null : []
    if (topicPartitions !== null)
      for (let left = count; left > 0; left--)
        topicPartitions.push(readElectLeadersRequestTopicPartition(reader, version))
  }
  const timeoutMs = reader.i32()
  if (isCompact) {
    reader.skipTagged()
  }
  return { electionType, topicPartitions, timeoutMs }
}

function writeElectLeadersRequest(writer: KafkaWriter, value: ElectLeadersRequest, version: number): void {
  const isCompact = version >= 2
  if (version >= 1) {
    writer.i8(value.electionType)
  }
  writer.count(value.topicPartitions === null ? -1 : value.topicPartitions.length, isCompact)
  if (value.topicPartitions !== null)
    for (const element of value.topicPartitions)
      writeElectLeadersRequestTopicPartition(writer, element, version)
  writer.i32(value.timeoutMs)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readElectLeadersResponseReplicaElectionResultPartitionResult(
  reader: KafkaReader,
  version: number,
): ElectLeadersResponseReplicaElectionResultPartitionResult {
  const isCompact = version >= 2
  const partitionId = reader.i32()
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { partitionId, errorCode, errorMessage }
}

function writeElectLeadersResponseReplicaElectionResultPartitionResult(
  writer: KafkaWriter,
  value: ElectLeadersResponseReplicaElectionResultPartitionResult,
  version: number,
): void {
  const isCompact = version >= 2
  writer.i32(value.partitionId)
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readElectLeadersResponseReplicaElectionResult(
  reader: KafkaReader,
  version: number,
): ElectLeadersResponseReplicaElectionResult {
  const isCompact = version >= 2
  const topic = reader.string(isCompact)
  const partitionResults: ElectLeadersResponseReplicaElectionResultPartitionResult[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitionResults.push(readElectLeadersResponseReplicaElectionResultPartitionResult(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { topic, partitionResults }
}

function writeElectLeadersResponseReplicaElectionResult(
  writer: KafkaWriter,
  value: ElectLeadersResponseReplicaElectionResult,
  version: number,
): void {
  const isCompact = version >= 2
  writer.string(value.topic, isCompact)
  writer.count(value.partitionResults.length, isCompact)
  for (const element of value.partitionResults)
    writeElectLeadersResponseReplicaElectionResultPartitionResult(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readElectLeadersResponse(reader: KafkaReader, version: number): ElectLeadersResponse {
  const isCompact = version >= 2
  const throttleTimeMs = reader.i32()
  const errorCode: number = version >= 1 ? reader.i16() : 0
  const replicaElectionResults: ElectLeadersResponseReplicaElectionResult[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    replicaElectionResults.push(readElectLeadersResponseReplicaElectionResult(reader, version))
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, errorCode, replicaElectionResults }
}

function writeElectLeadersResponse(writer: KafkaWriter, value: ElectLeadersResponse, version: number): void {
  const isCompact = version >= 2
  writer.i32(value.throttleTimeMs)
  if (version >= 1) {
    writer.i16(value.errorCode)
  }
  writer.count(value.replicaElectionResults.length, isCompact)
  for (const element of value.replicaElectionResults)
    writeElectLeadersResponseReplicaElectionResult(writer, element, version)
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Chooses leaders anew. */
export const electLeadersApi: KafkaApi<ElectLeadersRequest, ElectLeadersResponse> = {
  name: 'ElectLeaders',
  key: 43,
  versions: { from: 0, to: 2 },
  advertisedFrom: 0,
  flexibleFrom: 2,
  readRequest: readElectLeadersRequest,
  writeRequest: writeElectLeadersRequest,
  readResponse: readElectLeadersResponse,
  writeResponse: writeElectLeadersResponse,
}
