// OffsetDelete: forgets how far a group has come in partitions that none of its members reads.

import type {
  OffsetDeleteRequest,
  OffsetDeleteResponse,
} from '@sluice/protocol/kafka/generated/offset-delete'
import { groupErrors } from '../group-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

export async function handleOffsetDelete(
  session: KafkaSession,
  { groupId, topics }: OffsetDeleteRequest,
): Promise<OffsetDeleteResponse> {
  const asked = topics.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions.map(({ partitionIndex }) => partitionIndex),
  }))
  const removed = await session.services.groups.offsets.remove(groupId, asked)
  return {
    errorCode: groupErrors[removed.error],
    throttleTimeMs: session.throttleTimeMs(),
    topics: removed.topics.map(({ topic, partitions }) => ({
      name: topic,
      partitions: partitions.map(({ partition, error }) => ({
        partitionIndex: partition,
        errorCode: groupErrors[error],
      })),
    })),
  }
}

export function refuseOffsetDelete(_: OffsetDeleteRequest, errorCode: number): OffsetDeleteResponse {
  return { errorCode, throttleTimeMs: 0, topics: [] }
}
