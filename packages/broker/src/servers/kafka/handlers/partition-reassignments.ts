// AlterPartitionReassignments and ListPartitionReassignments: partitions stay where they were made, so that
// nothing is ever on its way, and nothing can be sent on one.

import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '@sluice/protocol/kafka/generated/alter-partition-reassignments'
import type {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '@sluice/protocol/kafka/generated/list-partition-reassignments'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaServices, KafkaSession } from '../kafka-session.ts'
import { KafkaRefusal, notRefused, refusalOf } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'

export function handleAlterPartitionReassignments(
  session: KafkaSession,
  { topics }: AlterPartitionReassignmentsRequest,
): AlterPartitionReassignmentsResponse {
  const responses = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, replicas }) => {
      return { partitionIndex, ...outcomeOf(session.services, name, partitionIndex, replicas) }
    }),
  }))
  const throttleTimeMs = session.throttleTimeMs()
  return { throttleTimeMs, errorCode: kafkaErrors.NONE, errorMessage: null, responses }
}

export function handleListPartitionReassignments(
  session: KafkaSession,
  _: ListPartitionReassignmentsRequest,
): ListPartitionReassignmentsResponse {
  const throttleTimeMs = session.throttleTimeMs()
  return { throttleTimeMs, errorCode: kafkaErrors.NONE, errorMessage: null, topics: [] }
}

function outcomeOf(
  { streams, cluster }: KafkaServices,
  name: string,
  index: number,
  replicas: readonly number[] | null,
): Refusal {
  try {
    const brokerId = cluster.brokerIdOf(streams.require(name).requirePartition(index).node)
    if (replicas === null)
      throw new KafkaRefusal('NO_REASSIGNMENT_IN_PROGRESS', 'The partition is not being moved.')
    if (replicas.length === 1 && replicas[0] === brokerId) return notRefused
    throw new KafkaRefusal('INVALID_REPLICA_ASSIGNMENT', `The partition stays at broker ${brokerId} alone.`)
  } catch (error) {
    return refusalOf(error)
  }
}
