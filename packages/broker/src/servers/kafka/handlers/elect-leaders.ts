// ElectLeaders: each partition has one replica, which leads it already.

import type {
  ElectLeadersRequest,
  ElectLeadersResponse,
} from '@sluice/protocol/kafka/generated/elect-leaders'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

const electionTypes = [0, 1]

export function handleElectLeaders(
  session: KafkaSession,
  { electionType, topicPartitions }: ElectLeadersRequest,
): ElectLeadersResponse {
  const throttleTimeMs = session.throttleTimeMs()
  if (!electionTypes.includes(electionType)) {
    return { throttleTimeMs, errorCode: kafkaErrors.INVALID_REQUEST, replicaElectionResults: [] }
  }
  const { streams } = session.services
  // Why nothing for all of them: an answer about all names only those for which something was to be done.
  const replicaElectionResults = (topicPartitions ?? []).map(({ topic, partitions }) => {
    const led = streams.find(topic)?.partitions ?? []
    const partitionResults = partitions.map((partitionId) => {
      const isThere = led[partitionId] !== undefined
      return {
        partitionId,
        errorCode: kafkaErrors[isThere ? 'ELECTION_NOT_NEEDED' : 'UNKNOWN_TOPIC_OR_PARTITION'],
        errorMessage: isThere ? 'Its only replica leads it.' : 'There is no such partition.',
      }
    })
    return { topic, partitionResults }
  })
  return { throttleTimeMs, errorCode: kafkaErrors.NONE, replicaElectionResults }
}
