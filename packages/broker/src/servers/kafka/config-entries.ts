// The configurations of topics and brokers as Kafka's clients are told of them: each with its value, where
// that comes from, what else it is called, and what it means.

import type { StreamConfig } from '@sluice/protocol/model/stream'
import { assignorNames } from '../../services/groups/consumer-messages.ts'
import { isTopicConfigSet, topicConfigs, topicConfigText } from '../../services/streams/topic-configs.ts'
import type { BrokerSizes, TopicConfig, TopicConfigType } from '../../services/streams/topic-configs.ts'
import type { KafkaServices } from './kafka-session.ts'

export const configSources = { dynamicTopic: 1, staticBroker: 4, default: 5 } as const
export type ConfigSource = (typeof configSources)[keyof typeof configSources]

/** The protocol's numbers of types. */
export const configTypes: Readonly<Record<TopicConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  long: 5,
  double: 6,
  list: 7,
}

export interface ConfigSynonym {
  readonly name: string
  readonly value: string
  readonly source: ConfigSource
}

export interface ConfigEntry extends ConfigSynonym {
  readonly type: TopicConfigType
  readonly isReadOnly: boolean
  /** Where the value comes from first, and then what would hold without that. */
  readonly synonyms: readonly ConfigSynonym[]
  readonly doc: string
}

export function topicEntries({ streams }: KafkaServices, config: StreamConfig): ConfigEntry[] {
  const sizes = streams.bounds
  return topicConfigs.map((row) => {
    const { name, type, doc } = row
    const value = topicConfigText(row, config, sizes)
    const otherwise: ConfigSynonym[] =
      row.synonym === undefined ? [] : [brokerSynonym(row, row.synonym, sizes)]
    const isSet = isTopicConfigSet(row, config)
    const source = isSet ? configSources.dynamicTopic : (otherwise[0]?.source ?? configSources.default)
    const synonyms = isSet ? [{ name, value, source }, ...otherwise] : otherwise
    return { name, value, source, type, doc, isReadOnly: 'fixed' in row, synonyms }
  })
}

/** Name, value, type, and what it means. */
type Fact = readonly [string, string | number | boolean, TopicConfigType, string]

/** What topics have that do not say, and what else a client of an administrator looks for. */
export function brokerEntries(services: KafkaServices, brokerId: number): ConfigEntry[] {
  const { streams, limits } = services
  const sizes = streams.bounds
  const entries = topicConfigs
    .filter((row) => row.synonym !== undefined)
    .map((row) => ({ ...brokerSynonym(row, row.synonym!, sizes), type: row.type, doc: row.doc }))
  const facts: Fact[] = [
    ['auto.create.topics.enable', limits.autoCreateTopics === 'on', 'boolean', 'Property autoCreateTopics.'],
    ['broker.id', brokerId, 'int', 'Property kafkaNodeId.'],
    ['default.replication.factor', 1, 'int', 'There is one replica of each record.'],
    ['delete.topic.enable', true, 'boolean', 'Topics can be deleted.'],
    ...groupFacts(services),
    ['log.cleaner.enable', true, 'boolean', 'Topics are compacted that say so.'],
    ['log.dirs', `${streams.directory}/streams`, 'string', 'Below the property dataDir.'],
    ['node.id', brokerId, 'int', 'Property kafkaNodeId.'],
    ['num.partitions', limits.defaultPartitions, 'int', 'Property defaultPartitions.'],
  ]
  const own = facts.map(([name, value, type, doc]) => {
    return { name, value: String(value), type, doc, source: configSources.staticBroker }
  })
  return [...entries, ...own]
    .map((entry) => ({ ...entry, isReadOnly: true, synonyms: [synonymOf(entry)] }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

/** Of any group: all have what the broker has. */
export function groupEntries(services: KafkaServices): ConfigEntry[] {
  const names = ['session.timeout.ms', 'heartbeat.interval.ms']
  return brokerEntries(services, 0).flatMap((entry) => {
    const name = names.find((each) => entry.name === `group.consumer.${each}`)
    return name === undefined ? [] : [{ ...entry, name: `consumer.${name}` }]
  })
}

function groupFacts({ groups }: KafkaServices): Fact[] {
  const { limits } = groups
  const consumer = 'group.consumer'
  return [
    [`${consumer}.assignors`, assignorNames.join(','), 'list', 'What the broker assigns by.'],
    [
      `${consumer}.heartbeat.interval.ms`,
      limits.groupConsumerHeartbeatIntervalMs,
      'int',
      'Property groupConsumerHeartbeatIntervalMs.',
    ],
    [`${consumer}.max.size`, limits.groupMembersMax, 'int', 'Property groupMembersMax.'],
    [`${consumer}.migration.policy`, limits.groupMigration, 'string', 'Property groupMigration.'],
    [
      `${consumer}.session.timeout.ms`,
      limits.groupConsumerSessionTimeoutMs,
      'int',
      'Property groupConsumerSessionTimeoutMs.',
    ],
    ['group.coordinator.rebalance.protocols', 'classic,consumer', 'list', 'What members may speak.'],
    [
      'group.initial.rebalance.delay.ms',
      limits.groupInitialRebalanceDelayMs,
      'int',
      'Property groupInitialRebalanceDelayMs.',
    ],
    [
      'group.max.session.timeout.ms',
      limits.groupSessionTimeoutMsMax,
      'int',
      'Property groupSessionTimeoutMsMax.',
    ],
    ['group.max.size', limits.groupMembersMax, 'int', 'Property groupMembersMax.'],
    [
      'group.min.session.timeout.ms',
      limits.groupSessionTimeoutMsMin,
      'int',
      'Property groupSessionTimeoutMsMin.',
    ],
  ]
}

function synonymOf({ name, value, source }: ConfigSynonym): ConfigSynonym {
  return { name, value, source }
}

function brokerSynonym(row: TopicConfig, name: string, sizes: BrokerSizes): ConfigSynonym {
  const value = topicConfigText(row, undefined, sizes)
  const isOurs = 'property' in row && (row.property === 'segmentBytes' || row.property === 'segmentMs')
  return { name, value, source: isOurs ? configSources.staticBroker : configSources.default }
}
