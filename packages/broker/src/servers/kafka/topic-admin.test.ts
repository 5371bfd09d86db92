// Administration of topics over real sockets, byte by byte: every version of each request, and every error.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createPartitionsApi } from '@sluice/protocol/kafka/generated/create-partitions'
import { createTopicsApi } from '@sluice/protocol/kafka/generated/create-topics'
import type {
  CreateTopicsRequestTopic,
  CreateTopicsResponseTopic,
} from '@sluice/protocol/kafka/generated/create-topics'
import { deleteRecordsApi } from '@sluice/protocol/kafka/generated/delete-records'
import { deleteTopicsApi } from '@sluice/protocol/kafka/generated/delete-topics'
import type { DeleteTopicsRequest } from '@sluice/protocol/kafka/generated/delete-topics'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import type { Client } from '@sluice/client'
import { Broker } from '../../broker.ts'
import { kafkaErrors } from './kafka-errors.ts'
import type { KafkaErrorName } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

let broker: Broker
let peer: KafkaPeer
let client: Client
let count = 0

before(async () => {
  broker = await Broker.start({ memory: true, kafka: { port: 0 }, limits: { partitionsMax: 16 } })
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

const topicOf = (changes: Partial<CreateTopicsRequestTopic> = {}): CreateTopicsRequestTopic => ({
  name: `topic-${++count}`,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...changes,
})

async function create(
  topics: readonly CreateTopicsRequestTopic[],
  { version = 7, validateOnly = false } = {},
): Promise<readonly CreateTopicsResponseTopic[]> {
  const request = { topics, timeoutMs: 1000, validateOnly }
  return (await peer.ask(createTopicsApi, version, request)).topics
}

async function created(changes: Partial<CreateTopicsRequestTopic> = {}): Promise<string> {
  const [topic] = await create([topicOf(changes)])
  assert.equal(topic!.errorCode, kafkaErrors.NONE, topic!.errorMessage ?? '')
  return topic!.name
}

test('topics are created at every version, and told of as that version tells', async () => {
  for (let version = 2; version <= 7; version++) {
    const asked = topicOf({ numPartitions: 3, configs: [{ name: 'retention.ms', value: '5000' }] })
    const [topic] = await create([asked], { version })
    assert.deepEqual([topic!.name, topic!.errorCode, topic!.errorMessage], [asked.name, 0, null])
    const { config, partitions } = await client.streams.get(asked.name)
    assert.deepEqual([partitions.length, config.maxAgeMs], [3, 5000])
    if (version >= 5) {
      assert.deepEqual([topic!.numPartitions, topic!.replicationFactor], [3, 1])
      const retention = topic!.configs!.find(({ name }) => name === 'retention.ms')!
      assert.deepEqual([retention.value, retention.configSource], ['5000', 1])
    }
    if (version >= 7) assert.notEqual(topic!.topicId, zeroUuid)
  }
})

test('what is left to the broker is as its configuration says; replicas may be named', async () => {
  for (const version of [4, 5, 6, 7]) {
    const asked = topicOf({ numPartitions: -1, replicationFactor: -1 })
    assert.equal((await create([asked], { version }))[0]!.errorCode, 0)
    assert.equal((await client.streams.get(asked.name)).partitions.length, 1)
  }
  const assignments = [
    { partitionIndex: 1, brokerIds: [0] },
    { partitionIndex: 0, brokerIds: [0] },
  ]
  const name = await created({ numPartitions: -1, replicationFactor: -1, assignments })
  assert.equal((await client.streams.get(name)).partitions.length, 2)
})

test('a creation that is only to be looked at creates nothing', async () => {
  const asked = topicOf()
  const [topic] = await create([asked], { validateOnly: true })
  assert.deepEqual([topic!.errorCode, topic!.topicId, topic!.numPartitions], [0, zeroUuid, 1])
  await assert.rejects(client.streams.get(asked.name), { code: 'unknown-stream' })
})

const assigned = (
  ...assignments: { partitionIndex: number; brokerIds: number[] }[]
): Partial<CreateTopicsRequestTopic> => ({ numPartitions: -1, replicationFactor: -1, assignments })
const configured = (name: string, value: string | null): Partial<CreateTopicsRequestTopic> => ({
  configs: [{ name, value }],
})

const badTopics: [string, Partial<CreateTopicsRequestTopic>, KafkaErrorName][] = [
  ['a name with a blank', { name: 'not a name' }, 'INVALID_TOPIC_EXCEPTION'],
  ['an empty name', { name: '' }, 'INVALID_TOPIC_EXCEPTION'],
  ['a name that is two dots', { name: '..' }, 'INVALID_TOPIC_EXCEPTION'],
  ['no partitions', { numPartitions: 0 }, 'INVALID_PARTITIONS'],
  ['fewer than no partitions', { numPartitions: -2 }, 'INVALID_PARTITIONS'],
  ['too many partitions', { numPartitions: 17 }, 'INVALID_PARTITIONS'],
  ['no replicas', { replicationFactor: 0 }, 'INVALID_REPLICATION_FACTOR'],
  ['more replicas than there are', { replicationFactor: 2 }, 'INVALID_REPLICATION_FACTOR'],
  ['places and counts', { assignments: [{ partitionIndex: 0, brokerIds: [0] }] }, 'INVALID_REQUEST'],
  ['a gap between partitions', assigned({ partitionIndex: 1, brokerIds: [0] }), 'INVALID_REPLICA_ASSIGNMENT'],
  [
    'a partition without a place',
    assigned({ partitionIndex: 0, brokerIds: [] }),
    'INVALID_REPLICA_ASSIGNMENT',
  ],
  ['an unknown broker', assigned({ partitionIndex: 0, brokerIds: [9] }), 'INVALID_REPLICA_ASSIGNMENT'],
  ['a broker twice', assigned({ partitionIndex: 0, brokerIds: [0, 0] }), 'INVALID_REPLICA_ASSIGNMENT'],
  ['an unknown configuration', configured('no.such', '1'), 'INVALID_CONFIG'],
  ['a configuration that is no number', configured('retention.ms', 'soon'), 'INVALID_CONFIG'],
  ['a configuration out of bounds', configured('segment.bytes', '1'), 'INVALID_CONFIG'],
  ['a configuration that cannot act', configured('segment.jitter.ms', '5'), 'INVALID_CONFIG'],
  [
    'configurations that contradict',
    {
      configs: [
        { name: 'min.compaction.lag.ms', value: '10' },
        { name: 'max.compaction.lag.ms', value: '5' },
      ],
    },
    'INVALID_CONFIG',
  ],
  [
    'a configuration twice',
    {
      configs: [
        { name: 'retention.ms', value: '1' },
        { name: 'retention.ms', value: '2' },
      ],
    },
    'INVALID_REQUEST',
  ],
]

for (const [what, changes, error] of badTopics) {
  test(`a topic with ${what} is refused with ${error}`, async () => {
    for (const validateOnly of [false, true]) {
      const asked = topicOf(changes)
      const [topic] = await create([asked], { validateOnly })
      assert.equal(nameOf(topic!.errorCode), error, topic!.errorMessage ?? '')
      assert.notEqual(topic!.errorMessage, null)
      await assert.rejects(client.streams.get(asked.name))
    }
  })
}

test('a topic that is there or named twice is refused, the others of the request are made', async () => {
  const name = await created()
  const [twice, fine] = [topicOf(), topicOf()]
  const topics = await create([topicOf({ name }), twice, fine, twice])
  assert.deepEqual(
    topics.map(({ name: each, errorCode }) => [each, nameOf(errorCode)]),
    [
      [name, 'TOPIC_ALREADY_EXISTS'],
      [twice.name, 'INVALID_REQUEST'],
      [fine.name, 'NONE'],
    ],
  )
})

test('of two clients that create a topic at once, one is told that it exists', async () => {
  const other = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  const request = { topics: [topicOf()], timeoutMs: 1000, validateOnly: false }
  const answers = await Promise.all([peer, other].map((each) => each.ask(createTopicsApi, 7, request)))
  const errors = answers.map(({ topics }) => nameOf(topics[0]!.errorCode)).toSorted()
  assert.deepEqual(errors, ['NONE', 'TOPIC_ALREADY_EXISTS'])
  other.destroy()
})

test('replicas that there are not are forgotten where the broker is configured so', async () => {
  const clamping = await Broker.start({
    memory: true,
    kafka: { port: 0 },
    limits: { excessReplicas: 'clamp' },
  })
  const its = await KafkaPeer.open(clamping.kafkaAddresses[0]!.port)
  const configs = [{ name: 'min.insync.replicas', value: '2' }]
  const request = {
    topics: [topicOf({ replicationFactor: 3, configs })],
    timeoutMs: 1000,
    validateOnly: false,
  }
  const [topic] = (await its.ask(createTopicsApi, 7, request)).topics
  assert.deepEqual([topic!.errorCode, topic!.replicationFactor], [0, 1])
  its.destroy()
  await clamping.close()
})

async function deleted(
  topics: DeleteTopicsRequest['topics'],
  version = 6,
): Promise<{ name: string | null; error: string }[]> {
  const topicNames = topics.map(({ name }) => name ?? '')
  const { responses } = await peer.ask(deleteTopicsApi, version, { topics, topicNames, timeoutMs: 1000 })
  return responses.map(({ name, errorCode }) => ({ name, error: nameOf(errorCode) }))
}

test('topics are deleted at every version by name, and from version 6 on by id', async () => {
  for (let version = 1; version <= 6; version++) {
    const name = await created()
    const asked = [{ name, topicId: zeroUuid }]
    assert.deepEqual(await deleted(asked, version), [{ name, error: 'NONE' }])
    await assert.rejects(client.streams.get(name), { code: 'unknown-stream' })
    assert.deepEqual(await deleted(asked, version), [{ name, error: 'UNKNOWN_TOPIC_OR_PARTITION' }])
  }
  const [topic] = await create([topicOf()])
  const { name, topicId } = topic!
  assert.deepEqual(await deleted([{ name: null, topicId }]), [{ name, error: 'NONE' }])
  assert.deepEqual(await deleted([{ name: null, topicId }]), [{ name: null, error: 'UNKNOWN_TOPIC_ID' }])
})

test('a topic is to be named once, and by one of its names', async () => {
  const [topic] = await create([topicOf()])
  const { name, topicId } = topic!
  const asked = [
    { name, topicId },
    { name: null, topicId: zeroUuid },
  ]
  assert.deepEqual(
    (await deleted(asked)).map(({ error }) => error),
    ['INVALID_REQUEST', 'INVALID_REQUEST'],
  )
  const twice = [
    { name, topicId: zeroUuid },
    { name: null, topicId },
  ]
  assert.deepEqual(
    (await deleted(twice)).map(({ error }) => error),
    ['INVALID_REQUEST', 'INVALID_REQUEST'],
  )
  assert.equal((await client.streams.get(name)).name, name)
})

async function grown(
  name: string,
  to: number,
  {
    version = 3,
    validateOnly = false,
    brokerIds,
  }: { version?: number; validateOnly?: boolean; brokerIds?: number[][] } = {},
): Promise<string> {
  const assignments = brokerIds?.map((ids) => ({ brokerIds: ids })) ?? null
  const request = { topics: [{ name, count: to, assignments }], timeoutMs: 1000, validateOnly }
  const { results } = await peer.ask(createPartitionsApi, version, request)
  assert.equal(results[0]!.errorMessage === null, results[0]!.errorCode === 0)
  return nameOf(results[0]!.errorCode)
}

test('topics grow at every version', async () => {
  const name = await created()
  for (let version = 0; version <= 3; version++) {
    assert.equal(await grown(name, version + 2, { version, validateOnly: true }), 'NONE')
    assert.equal((await client.streams.get(name)).partitions.length, version + 1)
    assert.equal(await grown(name, version + 2, { version, brokerIds: [[0]] }), 'NONE')
    assert.equal((await client.streams.get(name)).partitions.length, version + 2)
  }
})

test('topics that cannot grow so say why', async () => {
  const name = await created({ numPartitions: 2 })
  assert.equal(await grown(name, 2), 'INVALID_PARTITIONS')
  assert.equal(await grown(name, 1), 'INVALID_PARTITIONS')
  assert.equal(await grown(name, 17), 'INVALID_PARTITIONS')
  assert.equal(await grown(name, 4, { brokerIds: [[0]] }), 'INVALID_REPLICA_ASSIGNMENT')
  assert.equal(await grown(name, 3, { brokerIds: [[5]] }), 'INVALID_REPLICA_ASSIGNMENT')
  assert.equal(await grown(name, 3, { brokerIds: [], validateOnly: true }), 'NONE')
  assert.equal(await grown('nowhere', 3), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(await grown('not a name', 3), 'INVALID_TOPIC_EXCEPTION')
  const topics = [0, 1].map(() => ({ name, count: 4, assignments: null }))
  const { results } = await peer.ask(createPartitionsApi, 3, { topics, timeoutMs: 1, validateOnly: false })
  assert.deepEqual(
    results.map(({ errorCode }) => nameOf(errorCode)),
    ['INVALID_REQUEST'],
  )
})

test('a topic whose subjects are counted by a flow consumer cannot grow, and says by which', async () => {
  const name = await created()
  await client.consumers.create(name, { name: 'worker', rules: [{ match: '*', limit: 1 }] })
  for (const validateOnly of [true, false]) {
    const request = { topics: [{ name, count: 2, assignments: null }], timeoutMs: 1, validateOnly }
    const { results } = await peer.ask(createPartitionsApi, 3, request)
    assert.equal(nameOf(results[0]!.errorCode), 'INVALID_PARTITIONS')
    assert.match(results[0]!.errorMessage!, /worker/)
  }
})

async function below(
  name: string,
  offset: number,
  { version = 2, partition = 0 } = {},
): Promise<[string, number]> {
  const partitions = [{ partitionIndex: partition, offset }]
  const answer = await peer.ask(deleteRecordsApi, version, {
    topics: [{ name, partitions }],
    timeoutMs: 1000,
  })
  const { errorCode, lowWatermark } = answer.topics[0]!.partitions[0]!
  return [nameOf(errorCode), lowWatermark]
}

test('records are deleted at every version, up to an offset or all', async () => {
  const name = await created()
  for (let index = 0; index < 10; index++) await client.publish(name, `k${index}`, `${index}`)
  for (let version = 0; version <= 2; version++) {
    assert.deepEqual(await below(name, version + 1, { version }), ['NONE', version + 1])
  }
  assert.deepEqual(await below(name, 1), ['NONE', 3], 'they are gone already')
  assert.deepEqual(await below(name, 11), ['OFFSET_OUT_OF_RANGE', -1])
  assert.deepEqual(await below(name, -2), ['OFFSET_OUT_OF_RANGE', -1])
  assert.deepEqual(await below(name, 5, { partition: 1 }), ['UNKNOWN_TOPIC_OR_PARTITION', -1])
  assert.deepEqual(await below('nowhere', 5), ['UNKNOWN_TOPIC_OR_PARTITION', -1])
  assert.deepEqual(await below(name, -1), ['NONE', 10])
})

test('of a topic that is only compacted no records are deleted', async () => {
  const name = await created(configured('cleanup.policy', 'compact'))
  await client.publish(name, 'k', 'v')
  assert.deepEqual(await below(name, -1), ['POLICY_VIOLATION', -1])
})
