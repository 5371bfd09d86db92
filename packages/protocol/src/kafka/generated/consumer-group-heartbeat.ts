// Generated from definitions/consumer-group-heartbeat.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface ConsumerGroupHeartbeatResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly memberId: string | null
  readonly memberEpoch: number
  readonly heartbeatIntervalMs: number
  readonly assignment: ConsumerGroupHeartbeatResponseAssignment | null
}

export interface ConsumerGroupHeartbeatResponseAssignment {
  readonly topicPartitions: readonly ConsumerGroupHeartbeatResponseAssignmentTopicPartition[]
}

export interface ConsumerGroupHeartbeatResponseAssignmentTopicPartition {
  readonly topicId: string
  readonly partitions: readonly number[]
}

export interface ConsumerGroupHeartbeatRequest {
  readonly groupId: string
  readonly memberId: string
  readonly memberEpoch: number
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly rebalanceTimeoutMs: number
  readonly subscribedTopicNames: readonly string[] | null
  readonly subscribedTopicRegex: string | null
  readonly serverAssignor: string | null
  readonly topicPartitions: readonly ConsumerGroupHeartbeatRequestTopicPartition[] | null
}

export interface ConsumerGroupHeartbeatRequestTopicPartition {
  readonly topicId: string
  readonly partitions: readonly number[]
}

function readConsumerGroupHeartbeatRequestTopicPartition(
  reader: KafkaReader,
  _version: number,
): ConsumerGroupHeartbeatRequestTopicPartition {
  const topicId = reader.uuid()
  const partitions = reader.int32s(true)
  reader.skipTagged()
  return { topicId, partitions }
}

function writeConsumerGroupHeartbeatRequestTopicPartition(
  writer: KafkaWriter,
  value: ConsumerGroupHeartbeatRequestTopicPartition,
  _version: number,
): void {
  writer.uuid(value.topicId)
  writer.int32s(value.partitions, true)
  writer.uvarint(0)
}

function readConsumerGroupHeartbeatRequest(
  reader: KafkaReader,
  version: number,
): ConsumerGroupHeartbeatRequest {
  const groupId = reader.string(true)
  const memberId = reader.string(true)
  const memberEpoch = reader.i32()
  const instanceId = reader.nullableString(true)
  const rackId = reader.nullableString(true)
  const rebalanceTimeoutMs = reader.i32()
  const subscribedTopicNames = reader.nullableStrings(true)
  const subscribedTopicRegex: string | null = version >= 1 ? reader.nullableString(true) : null
  const serverAssignor = reader.nullableString(true)
  let topicPartitions: ConsumerGroupHeartbeatRequestTopicPartition[] | null = null
  {
    const count = reader.count(true)
    topicPartitions = count < 0 ? null : []
    if (topicPartitions !== null)
      for (let left = count; left > 0; left--)
        topicPartitions.push(readConsumerGroupHeartbeatRequestTopicPartition(reader, version))
  }
  reader.skipTagged()
  return {
    groupId,
    memberId,
    memberEpoch,
    instanceId,
    rackId,
    rebalanceTimeoutMs,
    subscribedTopicNames,
    subscribedTopicRegex,
    serverAssignor,
    topicPartitions,
  }
}

function writeConsumerGroupHeartbeatRequest(
  writer: KafkaWriter,
  value: ConsumerGroupHeartbeatRequest,
  version: number,
): void {
  writer.string(value.groupId, true)
  writer.string(value.memberId, true)
  writer.i32(value.memberEpoch)
  writer.nullableString(value.instanceId, true)
  writer.nullableString(value.rackId, true)
  writer.i32(value.rebalanceTimeoutMs)
  writer.strings(value.subscribedTopicNames, true)
  if (version >= 1) {
    writer.nullableString(value.subscribedTopicRegex, true)
  }
  writer.nullableString(value.serverAssignor, true)
  writer.count(value.topicPartitions === null ? -1 : value.topicPartitions.length, true)
  if (value.topicPartitions !== null)
    for (const element of value.topicPartitions)
      writeConsumerGroupHeartbeatRequestTopicPartition(writer, element, version)
  writer.uvarint(0)
}

function readConsumerGroupHeartbeatResponseAssignmentTopicPartition(
  reader: KafkaReader,
  _version: number,
): ConsumerGroupHeartbeatResponseAssignmentTopicPartition {
  const topicId = reader.uuid()
  const partitions = reader.int32s(true)
  reader.skipTagged()
  return { topicId, partitions }
}

function writeConsumerGroupHeartbeatResponseAssignmentTopicPartition(
  writer: KafkaWriter,
  value: ConsumerGroupHeartbeatResponseAssignmentTopicPartition,
  _version: number,
): void {
  writer.uuid(value.topicId)
  writer.int32s(value.partitions, true)
  writer.uvarint(0)
}

function readConsumerGroupHeartbeatResponseAssignment(
  reader: KafkaReader,
  version: number,
): ConsumerGroupHeartbeatResponseAssignment {
  const topicPartitions: ConsumerGroupHeartbeatResponseAssignmentTopicPartition[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    topicPartitions.push(readConsumerGroupHeartbeatResponseAssignmentTopicPartition(reader, version))
  reader.skipTagged()
  return { topicPartitions }
}

function writeConsumerGroupHeartbeatResponseAssignment(
  writer: KafkaWriter,
  value: ConsumerGroupHeartbeatResponseAssignment,
  version: number,
): void {
  writer.count(value.topicPartitions.length, true)
  for (const element of value.topicPartitions)
    writeConsumerGroupHeartbeatResponseAssignmentTopicPartition(writer, element, version)
  writer.uvarint(0)
}

function readConsumerGroupHeartbeatResponse(
  reader: KafkaReader,
  version: number,
): ConsumerGroupHeartbeatResponse {
  const throttleTimeMs = reader.i32()
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(true)
  const memberId = reader.nullableString(true)
  const memberEpoch = reader.i32()
  const heartbeatIntervalMs = reader.i32()
  const assignment = reader.isPresent() ? readConsumerGroupHeartbeatResponseAssignment(reader, version) : null
  reader.skipTagged()
  return { throttleTimeMs, errorCode, errorMessage, memberId, memberEpoch, heartbeatIntervalMs, assignment }
}

function writeConsumerGroupHeartbeatResponse(
  writer: KafkaWriter,
  value: ConsumerGroupHeartbeatResponse,
  version: number,
): void {
  writer.i32(value.throttleTimeMs)
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, true)
  writer.nullableString(value.memberId, true)
  writer.i32(value.memberEpoch)
  writer.i32(value.heartbeatIntervalMs)
  writer.i8(value.assignment === null ? -1 : 1)
  if (value.assignment !== null)
    writeConsumerGroupHeartbeatResponseAssignment(writer, value.assignment, version)
  writer.uvarint(0)
}

/** A member of a group of the new protocol is alive, says what it wants and holds, and hears what it is to have. */
export const consumerGroupHeartbeatApi: KafkaApi<
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse
> = {
  name: 'ConsumerGroupHeartbeat',
  key: 68,
  versions: { from: 0, to: 1 },
  advertisedFrom: 0,
  flexibleFrom: 0,
  readRequest: readConsumerGroupHeartbeatRequest,
  writeRequest: writeConsumerGroupHeartbeatRequest,
  readResponse: readConsumerGroupHeartbeatResponse,
  writeResponse: writeConsumerGroupHeartbeatResponse,
}
