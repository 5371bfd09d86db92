// Metadata: the nodes, and which of them leads what. Makes topics that are asked for and are not there, where
// the configuration and the client allow it.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type {
  MetadataRequest,
  MetadataRequestTopic,
  MetadataResponse,
  MetadataResponseTopic,
  MetadataResponseTopicPartition,
} from '@sluice/protocol/kafka/generated/metadata'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import type { Partition } from '../../../cluster/partition.ts'
import { checkStreamName } from '../../../services/streams/stream-config.ts'
import type { Stream } from '../../../services/streams/stream.ts'
import { clusterOperations, operationsNotAsked, topicOperations } from '../authorized-operations.ts'
import { kafkaErrorOf, kafkaErrors } from '../kafka-errors.ts'
import type { KafkaServices, KafkaSession } from '../kafka-session.ts'
import { hearOfLeaders, toldEpochOf } from '../led-partition.ts'

/** The node that clients send administration to: any would do, and this one is always there. */
const controller = 0
/** From here on a topic may be asked for by its id alone. */
const versionWithIds = 12

export async function handleMetadata(
  session: KafkaSession,
  request: MetadataRequest,
  version: number,
): Promise<MetadataResponse> {
  const { cluster } = session.services
  const areAllAsked = request.topics === null || (version === 0 && request.topics.length === 0)
  const topics: MetadataResponseTopic[] = []
  if (areAllAsked) topics.push(...(await allTopics(session, request)))
  else
    for (const asked of distinct(request.topics!)) {
      // Why: each may be made, and whoever asked may have left.
      session.signal.throwIfAborted()
      topics.push(await topicOf(session, request, asked, version))
    }
  const nodes = await cluster.nodes(session.listener)
  return {
    throttleTimeMs: session.throttleTimeMs(),
    brokers: nodes.map(({ node, ...at }) => ({ nodeId: cluster.brokerIdOf(node), ...at, rack: null })),
    clusterId: cluster.id,
    controllerId: cluster.brokerIdOf(controller),
    topics,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
      ? clusterOperations
      : operationsNotAsked,
    errorCode: kafkaErrors.NONE,
  }
}

/** Of all topics there is nothing to say then, which `errorCode` tells from 13 on. */
export function refuseMetadata({ topics }: MetadataRequest, errorCode: number): MetadataResponse {
  return {
    throttleTimeMs: 0,
    brokers: [],
    clusterId: null,
    controllerId: -1,
    topics: distinct(topics ?? []).map((topic) => refused(topic, errorCode)),
    clusterAuthorizedOperations: operationsNotAsked,
    errorCode,
  }
}

async function allTopics(
  { services }: KafkaSession,
  request: MetadataRequest,
): Promise<MetadataResponseTopic[]> {
  const { streams } = services
  const all = streams.list().map(({ name }) => streams.require(name))
  return Promise.all(all.map((stream) => described(services, stream, request)))
}

async function topicOf(
  session: KafkaSession,
  request: MetadataRequest,
  asked: MetadataRequestTopic,
  version: number,
): Promise<MetadataResponseTopic> {
  const { streams, topics } = session.services
  if (asked.topicId !== zeroUuid || asked.name === null) {
    // Kafka has the same: ids stand in the request before they may be used.
    if (version < versionWithIds || asked.topicId === zeroUuid)
      return refused(asked, kafkaErrors.INVALID_REQUEST)
    const stream = topics.find(asked.topicId)
    if (stream === undefined) return refused({ ...asked, name: null }, kafkaErrors.UNKNOWN_TOPIC_ID)
    return described(session.services, stream, request)
  }
  try {
    const stream = streams.find(asked.name) ?? (await made(session, asked.name, request))
    if (stream === undefined) return refused(asked, kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION)
    return await described(session.services, stream, request)
  } catch (error) {
    return refused(asked, kafkaErrorOf(error))
  }
}

/** Undefined where it may not be made. */
async function made(
  { services }: KafkaSession,
  name: string,
  { allowAutoTopicCreation }: MetadataRequest,
): Promise<Stream | undefined> {
  const { streams, limits, call } = services
  checkStreamName(name)
  if (!allowAutoTopicCreation || limits.autoCreateTopics === 'off') return undefined
  try {
    await call('streams.create', { name, config: { partitions: limits.defaultPartitions } })
  } catch (error) {
    // Why not refused: another client has just made it, otherwise than the defaults would.
    if (!(error instanceof BrokerError) || error.code !== 'stream-exists') throw error
  }
  return streams.find(name)
}

async function described(
  { cluster, topics }: KafkaServices,
  stream: Stream,
  { includeTopicAuthorizedOperations }: MetadataRequest,
): Promise<MetadataResponseTopic> {
  await hearOfLeaders(stream)
  return {
    errorCode: kafkaErrors.NONE,
    name: stream.name,
    topicId: topics.idOf(stream),
    isInternal: false,
    partitions: stream.partitions.map((partition) =>
      partitionOf(partition, cluster.brokerIdOf(partition.node)),
    ),
    topicAuthorizedOperations: includeTopicAuthorizedOperations ? topicOperations : operationsNotAsked,
  }
}

function partitionOf(partition: Partition, leaderId: number): MetadataResponseTopicPartition {
  const { index } = partition
  return {
    errorCode: kafkaErrors.NONE,
    partitionIndex: index,
    leaderId,
    leaderEpoch: toldEpochOf(partition),
    replicaNodes: [leaderId],
    isrNodes: [leaderId],
    offlineReplicas: [],
  }
}

function refused({ name, topicId }: MetadataRequestTopic, errorCode: number): MetadataResponseTopic {
  return { errorCode, name, topicId, isInternal: false, partitions: [] }
}

function distinct(topics: readonly MetadataRequestTopic[]): MetadataRequestTopic[] {
  return [...new Map(topics.map((topic) => [`${topic.topicId}/${topic.name}`, topic])).values()]
}
