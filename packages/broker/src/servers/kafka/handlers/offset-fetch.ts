// OffsetFetch: how far groups have come. Whatever it tells is on disk. No offset is ever unstable: there are
// no transactions that could hold one back.

import type {
  OffsetFetchRequest,
  OffsetFetchRequestGroup,
  OffsetFetchRequestGroupTopic,
  OffsetFetchResponse,
  OffsetFetchResponseGroup,
  OffsetFetchResponseGroupTopic,
} from '@sluice/protocol/kafka/generated/offset-fetch'
import type { FetchedTopic } from '../../../services/groups/group-offsets.ts'
import { distinctBy, distinctPlaces } from '../asked-places.ts'
import { groupErrors } from '../group-errors.ts'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

/** From here on the answer has a place for an error of the whole group. */
const versionWithError = 2
/** From here on several groups are asked for at once. */
const versionWithGroups = 8

export async function handleOffsetFetch(
  session: KafkaSession,
  request: OffsetFetchRequest,
  version: number,
): Promise<OffsetFetchResponse> {
  const throttleTimeMs = session.throttleTimeMs()
  if (version >= versionWithGroups) {
    const asked = distinctBy(request.groups, ({ groupId }) => groupId)
    const groups = await Promise.all(asked.map((group) => fetchGroup(session, group)))
    return { throttleTimeMs, topics: [], errorCode: kafkaErrors.NONE, groups }
  }
  const { groupId, topics } = request
  const group = await fetchGroup(session, { groupId, topics, memberId: null, memberEpoch: -1 })
  if (group.errorCode !== kafkaErrors.NONE) return refuseOffsetFetch(request, group.errorCode, version)
  return { throttleTimeMs, topics: group.topics, errorCode: kafkaErrors.NONE, groups: [] }
}

export function refuseOffsetFetch(
  request: OffsetFetchRequest,
  errorCode: number,
  version: number,
): OffsetFetchResponse {
  const groups = request.groups.map(({ groupId }) => ({ groupId, topics: [], errorCode }))
  const topics = version < versionWithError ? refusedTopics(request.topics ?? [], errorCode) : []
  return { throttleTimeMs: 0, topics, errorCode, groups }
}

async function fetchGroup(
  { services }: KafkaSession,
  { groupId, topics, memberId, memberEpoch }: OffsetFetchRequestGroup,
): Promise<OffsetFetchResponseGroup> {
  const isMember = memberId !== null || memberEpoch >= 0
  const member = isMember ? { memberId: memberId ?? '', epoch: memberEpoch } : null
  const places = topics === null ? null : distinctPlaces(topics, ({ partitionIndexes }) => partitionIndexes)
  const asked = places?.map(({ name, partitions }) => ({ topic: name, partitions })) ?? null
  const fetched = await services.groups.offsets.fetch(groupId, asked, member)
  return { groupId, topics: fetched.topics.map(topicOf), errorCode: groupErrors[fetched.error] }
}

function topicOf({ topic, partitions }: FetchedTopic): OffsetFetchResponseGroupTopic {
  return {
    name: topic,
    partitions: partitions.map(({ partition, committed }) => ({
      partitionIndex: partition,
      committedOffset: committed?.offset ?? -1,
      committedLeaderEpoch: committed?.leaderEpoch ?? -1,
      metadata: committed?.metadata ?? '',
      errorCode: kafkaErrors.NONE,
    })),
  }
}

function refusedTopics(
  topics: readonly OffsetFetchRequestGroupTopic[],
  errorCode: number,
): OffsetFetchResponseGroupTopic[] {
  return topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({
      partitionIndex,
      committedOffset: -1,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode,
    })),
  }))
}
