// Configurations over real sockets, byte by byte: what topics and brokers say of themselves, how topics are
// altered, and each error.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { alterConfigsApi } from '@sluice/protocol/kafka/generated/alter-configs'
import { createTopicsApi } from '@sluice/protocol/kafka/generated/create-topics'
import { describeConfigsApi } from '@sluice/protocol/kafka/generated/describe-configs'
import type { DescribeConfigsResponseResult } from '@sluice/protocol/kafka/generated/describe-configs'
import { incrementalAlterConfigsApi } from '@sluice/protocol/kafka/generated/incremental-alter-configs'
import type { Client } from '@sluice/client'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import { Broker } from '../../broker.ts'
import { topicConfigs } from '../../services/streams/topic-configs.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

const [topicType, brokerType, loggerType] = [2, 4, 8]
const [set, remove, append, subtract] = [0, 1, 2, 3]

let broker: Broker
let peer: KafkaPeer
let client: Client
let count = 0

before(async () => {
  broker = await Broker.start({ memory: true, kafka: { port: 0 }, limits: { segmentBytes: 1024 * 1024 } })
  peer = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  client = await broker.connect()
})

after(async () => {
  peer.destroy()
  await client.close()
  await broker.close()
})

const nameOf = (errorCode: number): string =>
  Object.entries(kafkaErrors).find(([, code]) => code === errorCode)![0]

async function created(config: Partial<StreamConfig> = {}): Promise<string> {
  return (await client.streams.create(`topic-${++count}`, config)).name
}

async function described(
  resourceType: number,
  resourceName: string,
  { version = 4, keys = null }: { version?: number; keys?: string[] | null } = {},
): Promise<DescribeConfigsResponseResult> {
  const resources = [{ resourceType, resourceName, configurationKeys: keys }]
  const request = { resources, includeSynonyms: true, includeDocumentation: true }
  const { results } = await peer.ask(describeConfigsApi, version, request)
  assert.equal(results.length, 1)
  return results[0]!
}

/** What a topic says, as `[value, source]`. */
async function valueOf(topic: string, name: string): Promise<[string | null, number]> {
  const { configs } = await described(topicType, topic, { keys: [name] })
  assert.equal(configs.length, 1)
  return [configs[0]!.value, configs[0]!.configSource!]
}

const kafkaNames = [
  'cleanup.policy compression.gzip.level compression.lz4.level compression.type compression.zstd.level',
  'delete.retention.ms file.delete.delay.ms flush.messages flush.ms follower.replication.throttled.replicas',
  'index.interval.bytes leader.replication.throttled.replicas local.retention.bytes local.retention.ms',
  'max.compaction.lag.ms max.message.bytes message.timestamp.after.max.ms message.timestamp.before.max.ms',
  'message.timestamp.type min.cleanable.dirty.ratio min.compaction.lag.ms min.insync.replicas preallocate',
  'remote.log.copy.disable remote.log.delete.on.disable remote.storage.enable retention.bytes retention.ms',
  'segment.bytes segment.index.bytes segment.jitter.ms segment.ms unclean.leader.election.enable',
]
  .join(' ')
  .split(' ')

test('a topic names every configuration of Kafka, at every version', async () => {
  const topic = await created()
  for (let version = 0; version <= 4; version++) {
    const { errorCode, configs } = await described(topicType, topic, { version })
    assert.equal(errorCode, kafkaErrors.NONE)
    assert.deepEqual(
      configs.map(({ name }) => name),
      kafkaNames,
    )
    for (const { configSource, isSensitive } of configs) {
      if (version > 0) assert.equal(configSource === 5 || configSource === 4, true, 'nothing was said')
      assert.equal(isSensitive, false)
    }
    if (version < 3) continue
    assert.deepEqual(
      configs.filter(({ documentation }) => documentation === null),
      [],
    )
    assert.deepEqual(
      configs.filter(({ configType }) => configType === 0),
      [],
    )
  }
})

test('the defaults are what a stream has that was made without a word', async () => {
  const { configs } = await described(topicType, await created())
  const values = Object.fromEntries(configs.map(({ name, value }) => [name, value]))
  assert.equal(values['retention.ms'], '-1')
  assert.equal(values['retention.bytes'], '-1')
  assert.equal(values['cleanup.policy'], 'delete')
  assert.equal(values['segment.bytes'], String(1024 * 1024))
  assert.equal(values['max.compaction.lag.ms'], '9223372036854775807')
  assert.equal(values['message.timestamp.type'], 'CreateTime')
  assert.equal(values['min.cleanable.dirty.ratio'], '0.5')
  assert.equal(values['compression.type'], 'producer')
})

test('version 0 says of each whether it is as by default', async () => {
  const { configs } = await described(topicType, await created({ maxAgeMs: 5000 }), { version: 0 })
  const isDefault = Object.fromEntries(configs.map((entry) => [entry.name, entry.isDefault]))
  assert.deepEqual([isDefault['retention.ms'], isDefault['retention.bytes']], [false, true])
})

test('a value that was set says so, and what would hold without it', async () => {
  const topic = await created({ maxAgeMs: 5000 })
  const { configs } = await described(topicType, topic, { keys: ['retention.ms'] })
  const [{ value, configSource, synonyms, readOnly }] = configs as [(typeof configs)[0]]
  assert.deepEqual([value, configSource, readOnly], ['5000', 1, false])
  assert.deepEqual(synonyms, [
    { name: 'retention.ms', value: '5000', source: 1 },
    { name: 'log.retention.ms', value: '-1', source: 5 },
  ])
})

test('a value that was set to the default says so as well, until it is deleted', async () => {
  const topic = await created()
  for (const { name } of topicConfigs) {
    const [value, before] = await valueOf(topic, name)
    assert.notEqual(before, 1, name)
    assert.equal(await alteredTo(topic, [name, set, value]), 'NONE', name)
    assert.deepEqual(await valueOf(topic, name), [value, 1], name)
  }
  assert.equal(await alteredTo(topic, ['retention.ms', remove, null]), 'NONE')
  assert.deepEqual(await valueOf(topic, 'retention.ms'), ['-1', 5])
  const configs = [{ name: 'segment.ms', value: '777' }]
  const resources = [{ resourceType: topicType, resourceName: topic, configs }]
  await peer.ask(alterConfigsApi, 2, { resources, validateOnly: false })
  const after = await described(topicType, topic)
  assert.deepEqual(
    after.configs.filter(({ configSource }) => configSource === 1).map(({ name }) => name),
    ['segment.ms'],
  )
})

test('a new topic tells what was said of it, and is the same natively as one that says nothing', async () => {
  const topic = { name: 'said', numPartitions: 1, replicationFactor: 1, assignments: [] }
  const configs = [{ name: 'cleanup.policy', value: 'delete' }]
  const creation = { topics: [{ ...topic, configs }], timeoutMs: 1000, validateOnly: false }
  const made = (await peer.ask(createTopicsApi, 7, creation)).topics[0]!
  assert.deepEqual(
    made.configs!.filter(({ configSource }) => configSource === 1).map(({ name }) => name),
    ['cleanup.policy'],
  )
  assert.deepEqual(await valueOf('said', 'cleanup.policy'), ['delete', 1])
  assert.equal((await client.streams.create('said', {})).name, 'said')
})

test('a broker says what its topics have that say nothing, and cannot be altered', async () => {
  for (let version = 0; version <= 4; version++) {
    const { errorCode, configs } = await described(brokerType, '0', { version })
    assert.equal(errorCode, kafkaErrors.NONE)
    const values = new Map(configs.map(({ name, value }) => [name, value]))
    assert.equal(values.get('log.segment.bytes'), String(1024 * 1024))
    assert.equal(values.get('broker.id'), '0')
    assert.equal(values.get('default.replication.factor'), '1')
    assert.equal(
      configs.every(({ readOnly }) => readOnly),
      true,
    )
  }
  assert.deepEqual((await described(brokerType, '')).configs, [])
  const answers = await altered([['log.segment.bytes', set, '1']], { type: brokerType, name: '0' })
  assert.equal(nameOf(answers[0]!.errorCode), 'INVALID_REQUEST')
})

test('what has no configurations is refused, each with its error', async () => {
  const error = async (type: number, name: string): Promise<string> =>
    nameOf((await described(type, name)).errorCode)
  assert.equal(await error(topicType, 'nowhere'), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(await error(topicType, 'not a name'), 'INVALID_TOPIC_EXCEPTION')
  assert.equal(await error(brokerType, '1'), 'INVALID_REQUEST')
  assert.equal(await error(brokerType, 'zero'), 'INVALID_REQUEST')
  assert.equal(await error(loggerType, '0'), 'INVALID_REQUEST')
  assert.equal(await error(99, 'x'), 'INVALID_REQUEST')
})

async function altered(
  changes: readonly (readonly [name: string, operation: number, value: string | null])[],
  {
    type = topicType,
    name,
    version = 1,
    validateOnly = false,
  }: {
    type?: number
    name: string
    version?: number
    validateOnly?: boolean
  },
): Promise<readonly { errorCode: number; errorMessage: string | null }[]> {
  const configs = changes.map(([each, configOperation, value]) => ({ name: each, configOperation, value }))
  const resources = [{ resourceType: type, resourceName: name, configs }]
  return (await peer.ask(incrementalAlterConfigsApi, version, { resources, validateOnly })).responses
}

async function alteredTo(
  topic: string,
  change: readonly [name: string, operation: number, value: string | null],
): Promise<string> {
  const { errorCode, errorMessage } = (await altered([change], { name: topic }))[0]!
  assert.equal(errorMessage === null, errorCode === 0)
  return nameOf(errorCode)
}

test('configurations are set, deleted, appended to and subtracted from, at every version', async () => {
  const topic = await created()
  for (const version of [0, 1]) {
    const options = { name: topic, version }
    await altered([['retention.ms', set, '7000']], { ...options, validateOnly: true })
    assert.deepEqual(await valueOf(topic, 'retention.ms'), ['-1', 5])
    await altered(
      [
        ['retention.ms', set, '7000'],
        ['cleanup.policy', append, 'compact'],
      ],
      options,
    )
    assert.deepEqual(await valueOf(topic, 'retention.ms'), ['7000', 1])
    assert.deepEqual(await valueOf(topic, 'cleanup.policy'), ['compact,delete', 1])
    await altered([['cleanup.policy', subtract, 'delete']], options)
    assert.deepEqual(await valueOf(topic, 'cleanup.policy'), ['compact', 1])
    assert.equal((await client.streams.get(topic)).config.cleanupPolicy, 'compact')
    await altered(
      [
        ['retention.ms', remove, null],
        ['cleanup.policy', remove, null],
      ],
      options,
    )
    assert.deepEqual(await valueOf(topic, 'retention.ms'), ['-1', 5])
    assert.deepEqual(await valueOf(topic, 'cleanup.policy'), ['delete', 5])
  }
})

test('every configuration takes its own value, and none of nonsense', async () => {
  const topic = await created({ durability: 'memory' })
  for (const row of topicConfigs) {
    const [value] = await valueOf(topic, row.name)
    assert.equal(await alteredTo(topic, [row.name, set, value]), 'NONE', row.name)
    assert.equal((await valueOf(topic, row.name))[0], value, row.name)
    assert.equal(await alteredTo(topic, [row.name, set, 'nonsense']), 'INVALID_CONFIG', row.name)
    assert.equal(await alteredTo(topic, [row.name, set, '-99']), 'INVALID_CONFIG', row.name)
    assert.equal(await alteredTo(topic, [row.name, set, null]), 'INVALID_REQUEST', row.name)
    assert.equal(await alteredTo(topic, [row.name, remove, null]), 'NONE', row.name)
    const isList = row.type === 'list'
    if (!isList) assert.equal(await alteredTo(topic, [row.name, append, '1']), 'INVALID_CONFIG', row.name)
  }
  assert.deepEqual((await client.streams.get(topic)).config, {
    ...(await client.streams.get(await created({ durability: 'memory' }))).config,
    segmentBytes: 0,
  })
})

for (const [name, value, property, expected] of [
  ['retention.ms', '0', 'maxAgeMs', 1],
  ['retention.ms', '-1', 'maxAgeMs', 0],
  ['retention.ms', '9223372036854775807', 'maxAgeMs', 0],
  ['retention.bytes', '1000', 'maxBytes', 1000],
  ['max.compaction.lag.ms', '9223372036854775807', 'maxCompactionLagMs', 0],
  ['max.compaction.lag.ms', '9', 'maxCompactionLagMs', 9],
  ['compression.type', 'uncompressed', 'compressionType', 'none'],
  ['compression.type', 'zstd', 'compressionType', 'zstd'],
  ['message.timestamp.type', 'LogAppendTime', 'timestampType', 'append'],
  ['message.timestamp.before.max.ms', '1000', 'timestampBeforeMaxMs', 1000],
  ['cleanup.policy', 'delete, compact', 'cleanupPolicy', 'compact,delete'],
  ['min.cleanable.dirty.ratio', '.25', 'minCleanableDirtyRatio', 0.25],
  ['segment.bytes', '1048576', 'segmentBytes', 1048576],
  ['segment.ms', '100', 'segmentMs', 100],
  ['delete.retention.ms', '0', 'deleteRetentionMs', 0],
  ['max.message.bytes', '2000', 'messageBytesMax', 2000],
  ['flush.messages', '1', 'flushMessages', 1],
] as const) {
  test(`${name} ${value} is ${property} ${expected}`, async () => {
    const topic = await created()
    assert.equal(await alteredTo(topic, [name, set, value]), 'NONE')
    assert.equal((await client.streams.get(topic)).config[property], expected)
  })
}

test('what cannot be altered so says why', async () => {
  const topic = await created()
  assert.equal(await alteredTo(topic, ['no.such', set, '1']), 'INVALID_CONFIG')
  assert.equal(await alteredTo(topic, ['no.such', remove, null]), 'INVALID_CONFIG')
  assert.equal(await alteredTo(topic, ['retention.ms', 7, '1']), 'INVALID_REQUEST')
  assert.equal(await alteredTo(topic, ['compression.zstd.level', set, '9']), 'INVALID_CONFIG')
  assert.equal(await alteredTo(topic, ['retention.ms', set, '9223372036854775808']), 'INVALID_CONFIG')
  assert.equal(await alteredTo(topic, ['max.message.bytes', set, '99999999']), 'INVALID_CONFIG')
  assert.equal(await alteredTo(topic, ['cleanup.policy', subtract, 'delete']), 'INVALID_CONFIG')
  assert.equal(await alteredTo('nowhere', ['retention.ms', set, '1']), 'UNKNOWN_TOPIC_OR_PARTITION')
  const twice = await altered(
    [
      ['retention.ms', set, '1'],
      ['retention.ms', remove, null],
    ],
    { name: topic },
  )
  assert.equal(nameOf(twice[0]!.errorCode), 'INVALID_REQUEST')
  const resource = { resourceType: topicType, resourceName: topic, configs: [] }
  const request = { resources: [resource, resource], validateOnly: false }
  const { responses } = await peer.ask(incrementalAlterConfigsApi, 1, request)
  assert.deepEqual(
    responses.map(({ errorCode }) => nameOf(errorCode)),
    ['INVALID_REQUEST', 'INVALID_REQUEST'],
  )
})

test('AlterConfigs replaces all that a topic says, and nothing that Kafka has no word for', async () => {
  for (let version = 0; version <= 2; version++) {
    const topic = await created({ maxAgeMs: 5000, maxBytes: 1000, maxMessages: 7, subjects: ['a.>'] })
    const replace = async (name: string, value: string | null, validateOnly = false): Promise<string> => {
      const resources = [{ resourceType: topicType, resourceName: topic, configs: [{ name, value }] }]
      const { responses } = await peer.ask(alterConfigsApi, version, { resources, validateOnly })
      return nameOf(responses[0]!.errorCode)
    }
    assert.equal(await replace('retention.ms', '6000', true), 'NONE')
    assert.equal((await client.streams.get(topic)).config.maxBytes, 1000)
    assert.equal(await replace('retention.ms', '6000'), 'NONE')
    const { maxAgeMs, maxBytes, maxMessages, subjects } = (await client.streams.get(topic)).config
    assert.deepEqual([maxAgeMs, maxBytes, maxMessages, subjects], [6000, 0, 7, ['a.>']])
    assert.equal(await replace('retention.ms', null), 'INVALID_REQUEST')
    assert.equal(await replace('no.such', '1'), 'INVALID_CONFIG')
    assert.equal((await client.streams.get(topic)).config.maxAgeMs, 6000)
  }
})
