// Generated from definitions/consumer-group-describe.schema. Change that and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import type { KafkaReader } from '../kafka-reader.ts'
import type { KafkaWriter } from '../kafka-writer.ts'

export interface ConsumerGroupDescribeResponse {
  readonly throttleTimeMs: number
  readonly groups: readonly ConsumerGroupDescribeResponseGroup[]
}

export interface ConsumerGroupDescribeResponseGroup {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly groupId: string
  readonly groupState: string
  readonly groupEpoch: number
  readonly assignmentEpoch: number
  readonly assignorName: string
  readonly members: readonly ConsumerGroupDescribeResponseGroupMember[]
  readonly authorizedOperations?: number | undefined
}

export interface ConsumerGroupDescribeResponseGroupMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly memberEpoch: number
  readonly clientId: string
  readonly clientHost: string
  readonly subscribedTopicNames: readonly string[]
  readonly subscribedTopicRegex: string | null
  readonly assignment: ConsumerGroupDescribeResponseGroupMemberAssignment
  readonly targetAssignment: ConsumerGroupDescribeResponseGroupMemberTargetAssignment
  readonly memberType?: number | undefined
}

export interface ConsumerGroupDescribeResponseGroupMemberTargetAssignment {
  readonly topicPartitions: readonly ConsumerGroupDescribeResponseGroupMemberTargetAssignmentTopicPartition[]
}

export interface ConsumerGroupDescribeResponseGroupMemberTargetAssignmentTopicPartition {
  readonly topicId: string
  readonly topicName: string
  readonly partitions: readonly number[]
}

export interface ConsumerGroupDescribeResponseGroupMemberAssignment {
  readonly topicPartitions: readonly ConsumerGroupDescribeResponseGroupMemberAssignmentTopicPartition[]
}

export interface ConsumerGroupDescribeResponseGroupMemberAssignmentTopicPartition {
  readonly topicId: string
  readonly topicName: string
  readonly partitions: readonly number[]
}

export interface ConsumerGroupDescribeRequest {
  readonly groupIds: readonly string[]
  readonly includeAuthorizedOperations: boolean
}

function readConsumerGroupDescribeRequest(
  reader: KafkaReader,
  _version: number,
): ConsumerGroupDescribeRequest {
  const groupIds = reader.strings(true)
  const includeAuthorizedOperations = reader.bool()
  reader.skipTagged()
  return { groupIds, includeAuthorizedOperations }
}

function writeConsumerGroupDescribeRequest(
  writer: KafkaWriter,
  value: ConsumerGroupDescribeRequest,
  _version: number,
): void {
  writer.strings(value.groupIds, true)
  writer.bool(value.includeAuthorizedOperations)
  writer.uvarint(0)
}

function readConsumerGroupDescribeResponseGroupMemberAssignmentTopicPartition(
  reader: KafkaReader,
  _version: number,
): ConsumerGroupDescribeResponseGroupMemberAssignmentTopicPartition {
  const topicId = reader.uuid()
  const topicName = reader.string(true)
  const partitions = reader.int32s(true)
  reader.skipTagged()
  return { topicId, topicName, partitions }
}

function writeConsumerGroupDescribeResponseGroupMemberAssignmentTopicPartition(
  writer: KafkaWriter,
  value: ConsumerGroupDescribeResponseGroupMemberAssignmentTopicPartition,
  _version: number,
): void {
  writer.uuid(value.topicId)
  writer.string(value.topicName, true)
  writer.int32s(value.partitions, true)
  writer.uvarint(0)
}

function readConsumerGroupDescribeResponseGroupMemberAssignment(
  reader: KafkaReader,
  version: number,
): ConsumerGroupDescribeResponseGroupMemberAssignment {
  const topicPartitions: ConsumerGroupDescribeResponseGroupMemberAssignmentTopicPartition[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    topicPartitions.push(
      readConsumerGroupDescribeResponseGroupMemberAssignmentTopicPartition(reader, version),
    )
  reader.skipTagged()
  return { topicPartitions }
}

function writeConsumerGroupDescribeResponseGroupMemberAssignment(
  writer: KafkaWriter,
  value: ConsumerGroupDescribeResponseGroupMemberAssignment,
  version: number,
): void {
  writer.count(value.topicPartitions.length, true)
  for (const element of value.topicPartitions)
    writeConsumerGroupDescribeResponseGroupMemberAssignmentTopicPartition(writer, element, version)
  writer.uvarint(0)
}

function readConsumerGroupDescribeResponseGroupMemberTargetAssignmentTopicPartition(
  reader: KafkaReader,
  _version: number,
): ConsumerGroupDescribeResponseGroupMemberTargetAssignmentTopicPartition {
  const topicId = reader.uuid()
  const topicName = reader.string(true)
  const partitions = reader.int32s(true)
  reader.skipTagged()
  return { topicId, topicName, partitions }
}

function writeConsumerGroupDescribeResponseGroupMemberTargetAssignmentTopicPartition(
  writer: KafkaWriter,
  value: ConsumerGroupDescribeResponseGroupMemberTargetAssignmentTopicPartition,
  _version: number,
): void {
  writer.uuid(value.topicId)
  writer.string(value.topicName, true)
  writer.int32s(value.partitions, true)
  writer.uvarint(0)
}

function readConsumerGroupDescribeResponseGroupMemberTargetAssignment(
  reader: KafkaReader,
  version: number,
): ConsumerGroupDescribeResponseGroupMemberTargetAssignment {
  const topicPartitions: ConsumerGroupDescribeResponseGroupMemberTargetAssignmentTopicPartition[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    topicPartitions.push(
      readConsumerGroupDescribeResponseGroupMemberTargetAssignmentTopicPartition(reader, version),
    )
  reader.skipTagged()
  return { topicPartitions }
}

function writeConsumerGroupDescribeResponseGroupMemberTargetAssignment(
  writer: KafkaWriter,
  value: ConsumerGroupDescribeResponseGroupMemberTargetAssignment,
  version: number,
): void {
  writer.count(value.topicPartitions.length, true)
  for (const element of value.topicPartitions)
    writeConsumerGroupDescribeResponseGroupMemberTargetAssignmentTopicPartition(writer, element, version)
  writer.uvarint(0)
}

function readConsumerGroupDescribeResponseGroupMember(
  reader: KafkaReader,
  version: number,
): ConsumerGroupDescribeResponseGroupMember {
  const memberId = reader.string(true)
  const instanceId = reader.nullableString(true)
  const rackId = reader.nullableString(true)
  const memberEpoch = reader.i32()
  const clientId = reader.string(true)
  const clientHost = reader.string(true)
  const subscribedTopicNames = reader.strings(true)
  const subscribedTopicRegex = reader.nullableString(true)
  const assignment = readConsumerGroupDescribeResponseGroupMemberAssignment(reader, version)
  const targetAssignment = readConsumerGroupDescribeResponseGroupMemberTargetAssignment(reader, version)
  const memberType: number = version >= 1 ? reader.i8() : -1
  reader.skipTagged()
  return {
    memberId,
    instanceId,
    rackId,
    memberEpoch,
    clientId,
    clientHost,
    subscribedTopicNames,
    subscribedTopicRegex,
    assignment,
    targetAssignment,
    memberType,
  }
}

function writeConsumerGroupDescribeResponseGroupMember(
  writer: KafkaWriter,
  value: ConsumerGroupDescribeResponseGroupMember,
  version: number,
): void {
  writer.string(value.memberId, true)
  writer.nullableString(value.instanceId, true)
  writer.nullableString(value.rackId, true)
  writer.i32(value.memberEpoch)
  writer.string(value.clientId, true)
  writer.string(value.clientHost, true)
  writer.strings(value.subscribedTopicNames, true)
  writer.nullableString(value.subscribedTopicRegex, true)
  writeConsumerGroupDescribeResponseGroupMemberAssignment(writer, value.assignment, version)
  writeConsumerGroupDescribeResponseGroupMemberTargetAssignment(writer, value.targetAssignment, version)
  if (version >= 1) {
    writer.i8(value.memberType ?? -1)
  }
  writer.uvarint(0)
}

function readConsumerGroupDescribeResponseGroup(
  reader: KafkaReader,
  version: number,
): ConsumerGroupDescribeResponseGroup {
  const errorCode = reader.i16()
  const errorMessage = reader.nullableString(true)
  const groupId = reader.string(true)
  const groupState = reader.string(true)
  const groupEpoch = reader.i32()
  const assignmentEpoch = reader.i32()
  const assignorName = reader.string(true)
  const members: ConsumerGroupDescribeResponseGroupMember[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    members.push(readConsumerGroupDescribeResponseGroupMember(reader, version))
  const authorizedOperations = reader.i32()
  reader.skipTagged()
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState,
    groupEpoch,
    assignmentEpoch,
    assignorName,
    members,
    authorizedOperations,
  }
}

function writeConsumerGroupDescribeResponseGroup(
  writer: KafkaWriter,
  value: ConsumerGroupDescribeResponseGroup,
  version: number,
): void {
  writer.i16(value.errorCode)
  writer.nullableString(value.errorMessage, true)
  writer.string(value.groupId, true)
  writer.string(value.groupState, true)
  writer.i32(value.groupEpoch)
  writer.i32(value.assignmentEpoch)
  writer.string(value.assignorName, true)
  writer.count(value.members.length, true)
  for (const element of value.members) writeConsumerGroupDescribeResponseGroupMember(writer, element, version)
  writer.i32(value.authorizedOperations ?? -2147483648)
  writer.uvarint(0)
}

function readConsumerGroupDescribeResponse(
  reader: KafkaReader,
  version: number,
): ConsumerGroupDescribeResponse {
  const throttleTimeMs = reader.i32()
  const groups: ConsumerGroupDescribeResponseGroup[] = []
  for (let left = reader.countOfSome(true); left > 0; left--)
    groups.push(readConsumerGroupDescribeResponseGroup(reader, version))
  reader.skipTagged()
  return { throttleTimeMs, groups }
}

function writeConsumerGroupDescribeResponse(
  writer: KafkaWriter,
  value: ConsumerGroupDescribeResponse,
  version: number,
): void {
  writer.i32(value.throttleTimeMs)
  writer.count(value.groups.length, true)
  for (const element of value.groups) writeConsumerGroupDescribeResponseGroup(writer, element, version)
  writer.uvarint(0)
}

/** Members of groups of the new protocol, what they have, and what they are to have. */
export const consumerGroupDescribeApi: KafkaApi<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse> =
  {
    name: 'ConsumerGroupDescribe',
    key: 69,
    versions: { from: 0, to: 1 },
    advertisedFrom: 0,
    flexibleFrom: 0,
    readRequest: readConsumerGroupDescribeRequest,
    writeRequest: writeConsumerGroupDescribeRequest,
    readResponse: readConsumerGroupDescribeResponse,
    writeResponse: writeConsumerGroupDescribeResponse,
  }
