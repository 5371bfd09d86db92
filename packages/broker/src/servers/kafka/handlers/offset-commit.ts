// OffsetCommit: keeps how far a group has come. Answered when it is on disk.

import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
} from '@sluice/protocol/kafka/generated/offset-commit'
import { groupErrors } from '../group-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

/** From here on a member of the consumer protocol may commit. */
const versionWithEpochs = 9

export async function handleOffsetCommit(
  session: KafkaSession,
  request: OffsetCommitRequest,
  version: number,
): Promise<OffsetCommitResponse> {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch, retentionTimeMs } = request
  const topics = await session.services.groups.offsets.commit({
    groupId,
    member: { memberId, instanceId: groupInstanceId },
    generation: generationIdOrMemberEpoch,
    isEpochTold: version >= versionWithEpochs,
    retentionMs: retentionTimeMs < 0 ? undefined : retentionTimeMs,
    topics: request.topics.map(({ name, partitions }) => ({
      topic: name,
      partitions: partitions.map((one) => ({
        partition: one.partitionIndex,
        offset: one.committedOffset,
        leaderEpoch: one.committedLeaderEpoch,
        metadata: one.committedMetadata ?? '',
      })),
    })),
  })
  return {
    throttleTimeMs: session.throttleTimeMs(),
    topics: topics.map(({ topic, partitions }) => ({
      name: topic,
      partitions: partitions.map(({ partition, error }) => ({
        partitionIndex: partition,
        errorCode: groupErrors[error],
      })),
    })),
  }
}

export function refuseOffsetCommit({ topics }: OffsetCommitRequest, errorCode: number): OffsetCommitResponse {
  return {
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  }
}
