// ConsumerGroupHeartbeat: a member of a group of the consumer protocol is alive, says what it wants and has,
// and hears what it is to have. Answered at once where nothing changes, else when it is stored.

import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
  ConsumerGroupHeartbeatResponseAssignment,
} from '@sluice/protocol/kafka/generated/consumer-group-heartbeat'
import { heartbeatRefused } from '../../../services/groups/consumer-messages.ts'
import type { ConsumerAnswer, ConsumerHeartbeat } from '../../../services/groups/consumer-messages.ts'
import { partitionSets } from '../../../services/groups/partition-sets.ts'
import type { PartitionSets } from '../../../services/groups/partition-sets.ts'
import { groupErrors } from '../group-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'
import type { TopicIndex } from '../topic-index.ts'
import { untilStopped } from '../until-stopped.ts'

/** From here on members make their ids themselves. */
const versionWithOwnIds = 1
/** No stream has it: what a member names that is not there, nobody has. */
const noStream = 0

export function handleConsumerGroupHeartbeat(
  session: KafkaSession,
  request: ConsumerGroupHeartbeatRequest,
  version: number,
): ConsumerGroupHeartbeatResponse | Promise<ConsumerGroupHeartbeatResponse> {
  const asked = heartbeatOf(session, request, version)
  const answer = session.services.groups.consumerHeartbeat(request.groupId, asked)
  if (!(answer instanceof Promise)) return responseOf(session, answer)
  const stopped = (): ConsumerAnswer => heartbeatRefused('not-coordinator', asked)
  return untilStopped(session.signal, answer, stopped).then((stored) => responseOf(session, stored))
}

export function refuseConsumerGroupHeartbeat(
  { memberId, memberEpoch }: ConsumerGroupHeartbeatRequest,
  errorCode: number,
): ConsumerGroupHeartbeatResponse {
  const rest = { errorMessage: null, heartbeatIntervalMs: 0, assignment: null }
  return { throttleTimeMs: 0, errorCode, memberId, memberEpoch, ...rest }
}

function heartbeatOf(
  session: KafkaSession,
  request: ConsumerGroupHeartbeatRequest,
  version: number,
): ConsumerHeartbeat {
  return {
    memberId: request.memberId,
    epoch: request.memberEpoch,
    instanceId: request.instanceId,
    clientId: session.clientId,
    clientHost: session.clientHost,
    rackId: request.rackId,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    topics: request.subscribedTopicNames,
    pattern: request.subscribedTopicRegex,
    assignor: request.serverAssignor,
    owned: ownedOf(session.services.topics, request.topicPartitions),
    isIdRequired: version >= versionWithOwnIds,
  }
}

function ownedOf(
  topics: TopicIndex,
  owned: ConsumerGroupHeartbeatRequest['topicPartitions'],
): PartitionSets | null {
  if (owned === null) return null
  return partitionSets(
    owned.map(({ topicId, partitions }) => [topics.streamIdOf(topicId) ?? noStream, partitions] as const),
  )
}

function responseOf(session: KafkaSession, answer: ConsumerAnswer): ConsumerGroupHeartbeatResponse {
  const { topics } = session.services
  return {
    throttleTimeMs: session.throttleTimeMs(),
    errorCode: groupErrors[answer.error],
    errorMessage: answer.text,
    memberId: answer.memberId,
    memberEpoch: answer.epoch,
    heartbeatIntervalMs: answer.heartbeatMs,
    assignment: answer.assigned === null ? null : assignmentOf(topics, answer.assigned),
  }
}

function assignmentOf(topics: TopicIndex, assigned: PartitionSets): ConsumerGroupHeartbeatResponseAssignment {
  return {
    topicPartitions: Array.from(assigned, ([id, partitions]) => ({
      topicId: topics.idOf({ id }),
      partitions,
    })),
  }
}
