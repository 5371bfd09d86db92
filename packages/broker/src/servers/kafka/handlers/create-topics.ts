// CreateTopics: makes streams with what Kafka says of a topic. There is one replica of each record, at the
// node that the broker chooses, so that more of them and other places are refused.

import type {
  CreateTopicsRequest,
  CreateTopicsRequestTopic,
  CreateTopicsResponse,
  CreateTopicsResponseTopic,
} from '@sluice/protocol/kafka/generated/create-topics'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import { checkStreamName } from '../../../services/streams/stream-config.ts'
import { streamConfigOf } from '../../../services/streams/topic-configs.ts'
import { topicEntries } from '../config-entries.ts'
import type { KafkaServices, KafkaSession } from '../kafka-session.ts'
import { KafkaRefusal, notRefused, refusalOf, repeated } from '../refusal.ts'

const asByDefault = -1
const replicas = 1

export async function handleCreateTopics(
  session: KafkaSession,
  { topics, validateOnly }: CreateTopicsRequest,
): Promise<CreateTopicsResponse> {
  const twice = repeated(topics.map(({ name }) => name))
  const answers = new Map<string, CreateTopicsResponseTopic>()
  for (const topic of topics) {
    if (answers.has(topic.name)) continue
    // Why counted: what is only looked at is not there for the next one.
    const others = validateOnly ? answers.size : undefined
    const made = twice.has(topic.name)
      ? Promise.reject(new KafkaRefusal('INVALID_REQUEST', 'Duplicate topic name.'))
      : create(session.services, topic, others)
    answers.set(topic.name, await made.catch((error: unknown) => refused(topic.name, error)))
  }
  return { throttleTimeMs: session.throttleTimeMs(), topics: [...answers.values()] }
}

/** `others`: it is only looked at, after so many; undefined: it is made. */
async function create(
  services: KafkaServices,
  topic: CreateTopicsRequestTopic,
  others: number | undefined,
): Promise<CreateTopicsResponseTopic> {
  const { name } = topic
  checkStreamName(name)
  const { streams, topics } = services
  const given = configOf(services, topic)
  const config = streams.checkNew(name, given, others)
  if (others !== undefined) return described(services, name, zeroUuid, config)
  // Why: of two clients that ask at once, one has to hear that the topic exists.
  await services.call('streams.create', { name, config: given, mustBeNew: true })
  const stream = streams.require(name)
  return described(services, name, topics.idOf(stream), stream.config)
}

function configOf(services: KafkaServices, topic: CreateTopicsRequestTopic): Partial<StreamConfig> {
  const { configs, assignments } = topic
  if (repeated(configs.map(({ name }) => name)).size > 0)
    throw new KafkaRefusal('INVALID_REQUEST', 'Each configuration must appear at most once.')
  const partitions = assignments.length > 0 ? assignedOf(services, topic) : partitionsOf(services, topic)
  const isClamped = services.limits.excessReplicas === 'clamp'
  const texts = new Map(configs.map(({ name, value }) => [name, value]))
  // Why: who asks for three replicas asks for two of them in sync.
  if (isClamped && Number(texts.get('min.insync.replicas')) > replicas) texts.delete('min.insync.replicas')
  return { ...streamConfigOf(texts, [], services.streams.bounds), partitions }
}

function partitionsOf(
  { limits, streams }: KafkaServices,
  { numPartitions, replicationFactor }: CreateTopicsRequestTopic,
): number {
  const isMore = replicationFactor > replicas && limits.excessReplicas === 'refuse'
  if (isMore || (replicationFactor < 1 && replicationFactor !== asByDefault)) {
    const text = `Replication factor: ${replicationFactor}; there is one replica of each record.`
    throw new KafkaRefusal('INVALID_REPLICATION_FACTOR', text)
  }
  const count = numPartitions === asByDefault ? limits.defaultPartitions : numPartitions
  checkPartitionCount(count, streams.bounds.partitionsMax)
  return count
}

export function checkPartitionCount(count: number, partitionsMax: number): void {
  if (count >= 1 && count <= partitionsMax) return
  throw new KafkaRefusal('INVALID_PARTITIONS', `Number of partitions must be from 1 to ${partitionsMax}.`)
}

function assignedOf(services: KafkaServices, topic: CreateTopicsRequestTopic): number {
  const { numPartitions, replicationFactor, assignments } = topic
  if (numPartitions !== asByDefault || replicationFactor !== asByDefault)
    throw new KafkaRefusal('INVALID_REQUEST', 'Assignments and counts cannot both be given.')
  const indexes = assignments.map(({ partitionIndex }) => partitionIndex).toSorted((a, b) => a - b)
  if (indexes.some((index, at) => index !== at))
    throw new KafkaRefusal('INVALID_REPLICA_ASSIGNMENT', 'Partitions must be numbered from 0, each once.')
  for (const { brokerIds } of assignments) checkReplicas(services, brokerIds)
  checkPartitionCount(assignments.length, services.streams.bounds.partitionsMax)
  return assignments.length
}

/** Of one partition that is to be made. */
export function checkReplicas({ cluster, limits }: KafkaServices, nodes: readonly number[]): void {
  const refuse = (text: string): never => {
    throw new KafkaRefusal('INVALID_REPLICA_ASSIGNMENT', text)
  }
  if (nodes.length === 0) refuse('A partition has no replica.')
  if (new Set(nodes).size < nodes.length) refuse('A broker holds a replica twice.')
  if (!nodes.every((node) => cluster.hasBroker(node))) refuse('There is no such broker.')
  if (nodes.length > replicas && limits.excessReplicas === 'refuse')
    refuse('There is one replica of each record.')
  if (cluster.nodeCount > 1) refuse('Where partitions are is chosen by the brokers.')
}

function described(
  services: KafkaServices,
  name: string,
  topicId: string,
  config: StreamConfig,
): CreateTopicsResponseTopic {
  return {
    ...notRefused,
    name,
    topicId,
    numPartitions: config.partitions,
    replicationFactor: replicas,
    configs: topicEntries(services, config).map((entry) => {
      const { value, isReadOnly, source } = entry
      return { name: entry.name, value, readOnly: isReadOnly, configSource: source, isSensitive: false }
    }),
  }
}

function refused(name: string, error: unknown): CreateTopicsResponseTopic {
  return { ...refusalOf(error), name, topicId: zeroUuid, configs: [] }
}
