// What a Kafka client asks before it works: who coordinates a group, and who leads the partitions of a topic.

import { findCoordinatorApi } from '@sluice/protocol/kafka/generated/find-coordinator'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import { KafkaLink } from './kafka-link.ts'

export interface TopicPlace {
  readonly topicId: string
  /** Addresses, by partition. */
  readonly leaders: readonly string[]
}

const groupKeyType = 0

export async function coordinatorOf(address: string, groupId: string): Promise<string> {
  const link = await KafkaLink.open(address)
  const request = { key: groupId, keyType: groupKeyType, coordinatorKeys: [groupId] }
  const { coordinators } = await link.ask(findCoordinatorApi, request)
  link.close()
  const [found] = coordinators
  if (found === undefined || found.errorCode !== 0) throw new Error(`Nobody coordinates ${groupId}`)
  return `${found.host}:${found.port}`
}

export async function topicPlaceOf(address: string, name: string): Promise<TopicPlace> {
  const link = await KafkaLink.open(address)
  const { brokers, topics } = await link.ask(metadataApi, metadataOf([{ topicId: zeroUuid, name }]))
  link.close()
  const [topic] = topics
  if (topic === undefined || topic.errorCode !== 0) throw new Error(`There is no topic ${name}`)
  const addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]))
  const leaders: string[] = []
  for (const { partitionIndex, leaderId } of topic.partitions)
    leaders[partitionIndex] = addresses.get(leaderId)!
  return { topicId: topic.topicId, leaders }
}

/** A request about these topics; null is for all of them. */
export function metadataOf(topics: readonly { topicId: string; name: string | null }[] | null) {
  return {
    topics,
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  }
}
