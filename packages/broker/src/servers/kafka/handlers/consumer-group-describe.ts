// ConsumerGroupDescribe: who is in groups of the consumer protocol, what they have, and what they shall have.

import type {
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponse,
  ConsumerGroupDescribeResponseGroup,
  ConsumerGroupDescribeResponseGroupMember,
} from '@sluice/protocol/kafka/generated/consumer-group-describe'
import type { NamedPartitions } from '../../../services/groups/topic-partitions.ts'
import type { DescribedConsumer } from '../../../services/groups/group-admin.ts'
import { groupOperations, operationsNotAsked } from '../authorized-operations.ts'
import { groupErrors } from '../group-errors.ts'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaServices, KafkaSession } from '../kafka-session.ts'

const memberTypes = { classic: 0, consumer: 1 } as const

export function handleConsumerGroupDescribe(
  session: KafkaSession,
  { groupIds, includeAuthorizedOperations }: ConsumerGroupDescribeRequest,
): ConsumerGroupDescribeResponse {
  const authorizedOperations = includeAuthorizedOperations ? groupOperations : operationsNotAsked
  const groups = Array.from(new Set(groupIds), (groupId) => ({
    ...described(session.services, groupId),
    authorizedOperations,
  }))
  return { throttleTimeMs: session.throttleTimeMs(), groups }
}

export function refuseConsumerGroupDescribe(
  { groupIds }: ConsumerGroupDescribeRequest,
  errorCode: number,
): ConsumerGroupDescribeResponse {
  return { throttleTimeMs: 0, groups: groupIds.map((groupId) => refused(groupId, errorCode)) }
}

function described(services: KafkaServices, groupId: string): ConsumerGroupDescribeResponseGroup {
  const { groups } = services
  const error = groupId === '' ? 'invalid-group-id' : groups.groupErrorOf(groupId)
  if (error !== 'none') return refused(groupId, groupErrors[error])
  const group = groups.admin.describeConsumers(groupId)
  if (group === undefined) {
    const errorMessage = `There is no consumer group ${groupId}.`
    return { ...refused(groupId, kafkaErrors.GROUP_ID_NOT_FOUND), errorMessage }
  }
  return {
    errorCode: kafkaErrors.NONE,
    errorMessage: null,
    groupId,
    groupState: group.phase,
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: group.assignor,
    members: group.members.map((member) => memberOf(services, member)),
  }
}

function memberOf(
  services: KafkaServices,
  member: DescribedConsumer,
): ConsumerGroupDescribeResponseGroupMember {
  return {
    memberId: member.memberId,
    instanceId: member.instanceId,
    rackId: member.rackId,
    memberEpoch: member.epoch,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: member.topics,
    subscribedTopicRegex: member.pattern === '' ? null : member.pattern,
    assignment: { topicPartitions: rowsOf(services, member.assignedTopics) },
    targetAssignment: { topicPartitions: rowsOf(services, member.targetTopics) },
    memberType: member.classic === null ? memberTypes.consumer : memberTypes.classic,
  }
}

function rowsOf(
  { topics }: KafkaServices,
  named: NamedPartitions,
): ConsumerGroupDescribeResponseGroupMember['assignment']['topicPartitions'] {
  return named.map(({ topic, partitions }) => ({
    topicId: topics.idOf(topic),
    topicName: topic.name,
    partitions,
  }))
}

function refused(groupId: string, errorCode: number): ConsumerGroupDescribeResponseGroup {
  const nothing = { groupState: '', groupEpoch: 0, assignmentEpoch: 0, assignorName: '', members: [] }
  return { ...nothing, errorCode, errorMessage: null, groupId }
}
