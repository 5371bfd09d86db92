// Generated from definitions/metadata.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import { zeroUuid } from '../kafka-fields.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface MetadataResponse {
  readonly throttleTimeMs: number
  readonly brokers: readonly MetadataResponseBroker[]
  readonly clusterId: string | null
  readonly controllerId?: number | undefined
  readonly topics: readonly MetadataResponseTopic[]
  readonly clusterAuthorizedOperations?: number | undefined
  readonly errorCode: number
}

export interface MetadataResponseTopic {
  readonly errorCode: number
  readonly name: string | null
  readonly topicId: string
  readonly isInternal: boolean
  readonly partitions: readonly MetadataResponseTopicPartition[]
  readonly topicAuthorizedOperations?: number | undefined
}

export interface MetadataResponseTopicPartition {
  readonly errorCode: number
  readonly partitionIndex: number
  readonly leaderId: number
  readonly leaderEpoch?: number | undefined
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export interface MetadataResponseBroker {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface MetadataRequest {
  readonly topics: readonly MetadataRequestTopic[] | null
  readonly allowAutoTopicCreation: boolean
  readonly includeClusterAuthorizedOperations: boolean
  readonly includeTopicAuthorizedOperations: boolean
}

export interface MetadataRequestTopic {
  readonly topicId: string
  readonly name: string | null
}

function readMetadataRequestTopic(reader: KafkaReader, version: number): MetadataRequestTopic {
  const isCompact = version >= 9
  const topicId: string = version >= 10 ? reader.uuid() : zeroUuid
  const name = version >= 10 ? reader.nullableString(isCompact) : reader.string(isCompact)
  if (isCompact) {
    reader.skipTagged()
  }
  return { topicId, name }
}

function writeMetadataRequestTopic(writer: KafkaWriter, value: MetadataRequestTopic, version: number): void {
  const isCompact = version >= 9
  if (version >= 10) {
    writer.uuid(value.topicId)
  }
  if (version >= 10) writer.nullableString(value.name, isCompact)
  else writer.string(value.name ?? '', isCompact)
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readMetadataRequest(reader: KafkaReader, version: number): MetadataRequest {
  const isCompact = version >= 9
  let topics: MetadataRequestTopic[] | null = null
  {
    const count = version >= 1 ? reader.count(isCompact) : reader.countOfSome(isCompact)
    topics = count < 0 ? null : []
    if (topics !== null)
      for (let left = count; left > 0; left--) topics.push(readMetadataRequestTopic(reader, version))
  }
  const allowAutoTopicCreation: boolean = version >= 4 ? reader.bool() : true
  const includeClusterAuthorizedOperations: boolean = version >= 8 && version <= 10 ? reader.bool() : false
  const includeTopicAuthorizedOperations: boolean = version >= 8 ? reader.bool() : false
  if (isCompact) {
    reader.skipTagged()
  }
  return {
    topics,
    allowAutoTopicCreation,
    includeClusterAuthorizedOperations,
    includeTopicAuthorizedOperations,
  }
}

function writeMetadataRequest(writer: KafkaWriter, value: MetadataRequest, version: number): void {
  const isCompact = version >= 9
  writer.count(value.topics === null ? -1 : value.topics.length, isCompact)
  if (value.topics !== null)
    for (const element of value.topics) writeMetadataRequestTopic(writer, element, version)
  if (version >= 4) {
    writer.bool(value.allowAutoTopicCreation)
  }
  if (version >= 8 && version <= 10) {
    writer.bool(value.includeClusterAuthorizedOperations)
  }
  if (version >= 8) {
    writer.bool(value.includeTopicAuthorizedOperations)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readMetadataResponseBroker(reader: KafkaReader, version: number): MetadataResponseBroker {
  const isCompact = version >= 9
  const nodeId = reader.i32()
  const host = reader.string(isCompact)
  const port = reader.i32()
  const rack: string | null = version >= 1 ? reader.nullableString(isCompact) : null
  if (isCompact) {
    reader.skipTagged()
  }
  return { nodeId, host, port, rack }
}

function writeMetadataResponseBroker(
  writer: KafkaWriter,
  value: MetadataResponseBroker,
  version: number,
): void {
  const isCompact = version >= 9
  writer.i32(value.nodeId)
  writer.string(value.host, isCompact)
  writer.i32(value.port)
  if (version >= 1) {
    writer.nullableString(value.rack, isCompact)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readMetadataResponseTopicPartition(
  reader: KafkaReader,
  version: number,
): MetadataResponseTopicPartition {
  const isCompact = version >= 9
  const errorCode = reader.i16()
  const partitionIndex = reader.i32()
  const leaderId = reader.i32()
  const leaderEpoch: number = version >= 7 ? reader.i32() : -1
  const replicaNodes = reader.int32s(isCompact)
  const isrNodes = reader.int32s(isCompact)
  const offlineReplicas: readonly number[] = version >= 5 ? reader.int32s(isCompact) : []
  if (isCompact) {
    reader.skipTagged()
  }
  return { errorCode, partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas }
}

function writeMetadataResponseTopicPartition(
  writer: KafkaWriter,
  value: MetadataResponseTopicPartition,
  version: number,
): void {
  const isCompact = version >= 9
  writer.i16(value.errorCode)
  writer.i32(value.partitionIndex)
  writer.i32(value.leaderId)
  if (version >= 7) {
    writer.i32(value.leaderEpoch ?? -1)
  }
  writer.int32s(value.replicaNodes, isCompact)
  writer.int32s(value.isrNodes, isCompact)
  if (version >= 5) {
    writer.int32s(value.offlineReplicas, isCompact)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readMetadataResponseTopic(reader: KafkaReader, version: number): MetadataResponseTopic {
  const isCompact = version >= 9
  const errorCode = reader.i16()
  const name = version >= 12 ? reader.nullableString(isCompact) : reader.string(isCompact)
  const topicId: string = version >= 10 ? reader.uuid() : zeroUuid
  const isInternal: boolean = version >= 1 ? reader.bool() : false
  const partitions: MetadataResponseTopicPartition[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    partitions.push(readMetadataResponseTopicPartition(reader, version))
  const topicAuthorizedOperations: number = version >= 8 ? reader.i32() : -2147483648
  if (isCompact) {
    reader.skipTagged()
  }
  return { errorCode, name, topicId, isInternal, partitions, topicAuthorizedOperations }
}

function writeMetadataResponseTopic(
  writer: KafkaWriter,
  value: MetadataResponseTopic,
  version: number,
): void {
  const isCompact = version >= 9
  writer.i16(value.errorCode)
  if (version >= 12) writer.nullableString(value.name, isCompact)
  else writer.string(value.name ?? '', isCompact)
  if (version >= 10) {
    writer.uuid(value.topicId)
  }
  if (version >= 1) {
    writer.bool(value.isInternal)
  }
  writer.count(value.partitions.length, isCompact)
  for (const element of value.partitions) writeMetadataResponseTopicPartition(writer, element, version)
  if (version >= 8) {
    writer.i32(value.topicAuthorizedOperations ?? -2147483648)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

function readMetadataResponse(reader: KafkaReader, version: number): MetadataResponse {
  const isCompact = version >= 9
  const throttleTimeMs: number = version >= 3 ? reader.i32() : 0
  const brokers: MetadataResponseBroker[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    brokers.push(readMetadataResponseBroker(reader, version))
  const clusterId: string | null = version >= 2 ? reader.nullableString(isCompact) : null
  const controllerId: number = version >= 1 ? reader.i32() : -1
  const topics: MetadataResponseTopic[] = []
  for (let left = reader.countOfSome(isCompact); left > 0; left--)
    topics.push(readMetadataResponseTopic(reader, version))
  const clusterAuthorizedOperations: number = version >= 8 && version <= 10 ? reader.i32() : -2147483648
  const errorCode: number = version >= 13 ? reader.i16() : 0
  if (isCompact) {
    reader.skipTagged()
  }
  return { throttleTimeMs, brokers, clusterId, controllerId, topics, clusterAuthorizedOperations, errorCode }
}

function writeMetadataResponse(writer: KafkaWriter, value: MetadataResponse, version: number): void {
  const isCompact = version >= 9
  if (version >= 3) {
    writer.i32(value.throttleTimeMs)
  }
  writer.count(value.brokers.length, isCompact)
  for (const element of value.brokers) writeMetadataResponseBroker(writer, element, version)
  if (version >= 2) {
    writer.nullableString(value.clusterId, isCompact)
  }
  if (version >= 1) {
    writer.i32(value.controllerId ?? -1)
  }
  writer.count(value.topics.length, isCompact)
  for (const element of value.topics) writeMetadataResponseTopic(writer, element, version)
  if (version >= 8 && version <= 10) {
    writer.i32(value.clusterAuthorizedOperations ?? -2147483648)
  }
  if (version >= 13) {
    writer.i16(value.errorCode)
  }
  if (isCompact) {
    writer.uvarint(0)
  }
}

/** Brokers, topics, and who leads which partition. */
export const metadataApi: KafkaApi<MetadataRequest, MetadataResponse> = {
  name: 'Metadata',
  key: 3,
  versions: { from: 0, to: 13 },
  advertisedFrom: 0,
  flexibleFrom: 9,
  readRequest: readMetadataRequest,
  writeRequest: writeMetadataRequest,
  readResponse: readMetadataResponse,
  writeResponse: writeMetadataResponse,
}
