// What an operator decides for Kafka clients: where they are told to connect, by the listener that they came
// by; how many partitions a topic has; how long a new group waits for members.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createTopicsApi } from '@sluice/protocol/kafka/generated/create-topics'
import { describeClusterApi } from '@sluice/protocol/kafka/generated/describe-cluster'
import { findCoordinatorApi } from '@sluice/protocol/kafka/generated/find-coordinator'
import { joinGroupApi } from '@sluice/protocol/kafka/generated/join-group'
import type { JoinGroupResponse } from '@sluice/protocol/kafka/generated/join-group'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import type { MetadataResponse } from '@sluice/protocol/kafka/generated/metadata'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import { Broker } from '../../broker.ts'
import type { BrokerLimits } from '../../config/read-config.ts'
import { shardedFor } from '../../sharded-broker.fixture.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

const host = '127.0.0.1'
const endpoints = [
  { host, port: 0, advertised: { host: 'inside.test', port: 19_092 } },
  { host, port: 0, advertised: { host: 'outside.test', port: 29_092 } },
]

function metadataOf(peer: KafkaPeer, topics: readonly string[]): Promise<MetadataResponse> {
  return peer.ask(metadataApi, 9, {
    topics: topics.map((name) => ({ name, topicId: zeroUuid })),
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
}

/** All places that a client is told of, as `host:port`. */
async function told(port: number): Promise<string[]> {
  const peer = await KafkaPeer.open(port)
  const { brokers } = await metadataOf(peer, [])
  const cluster = { includeClusterAuthorizedOperations: false, endpointType: 1, includeFencedBrokers: false }
  const described = await peer.ask(describeClusterApi, 1, cluster)
  const keys = Array.from({ length: 20 }, (_, at) => `group-${at}`)
  const asked = { key: '', keyType: 0, coordinatorKeys: keys }
  const { coordinators } = await peer.ask(findCoordinatorApi, 4, asked)
  peer.destroy()
  const places = brokers.map((one) => `${one.host}:${one.port}`)
  assert.deepEqual(
    described.brokers.map((one) => `${one.host}:${one.port}`),
    places,
  )
  assert.deepEqual(new Set(coordinators.map((one) => `${one.host}:${one.port}`)), new Set(places))
  return places
}

test('each listener tells its own addresses', async (t) => {
  const broker = await Broker.start({ memory: true, kafka: endpoints })
  t.after(() => broker.close())
  const [inside, outside] = broker.kafkaAddresses
  assert.deepEqual(await told(inside!.port), ['inside.test:19092'])
  assert.deepEqual(await told(outside!.port), ['outside.test:29092'])
})

test('of shards each has its own port behind the one that is advertised', async (t) => {
  const { broker } = await shardedFor(t, { shards: 2, kafka: endpoints })
  const [inside, outside] = broker.kafkaAddresses
  assert.deepEqual(await told(inside!.port), ['inside.test:19093', 'inside.test:19094'])
  assert.deepEqual(await told(outside!.port), ['outside.test:29093', 'outside.test:29094'])
})

async function peerOf(t: TestContext, limits: Partial<BrokerLimits>): Promise<KafkaPeer[]> {
  const broker = await Broker.start({ memory: true, kafka: { port: 0 }, limits })
  const { port } = broker.kafkaAddresses[0]!
  const peers = [await KafkaPeer.open(port), await KafkaPeer.open(port)]
  t.after(async () => {
    for (const peer of peers) peer.destroy()
    await broker.close()
  })
  return peers
}

test('a topic has as many partitions as the broker says where nobody else does', async (t) => {
  const [peer] = await peerOf(t, { defaultPartitions: 3 })
  const { topics } = await metadataOf(peer!, ['asked-for'])
  assert.equal(topics[0]!.partitions.length, 3)
  const topic = { name: 'made', numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] }
  const creation = { topics: [topic], timeoutMs: 1000, validateOnly: false }
  assert.equal((await peer!.ask(createTopicsApi, 5, creation)).topics[0]!.numPartitions, 3)
})

function join(peer: KafkaPeer): Promise<JoinGroupResponse> {
  return peer.ask(joinGroupApi, 3, {
    groupId: 'G',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array(6) }],
    reason: null,
  })
}

test('a new group waits for members as long as the broker says', async (t) => {
  const [one, other] = await peerOf(t, { groupInitialRebalanceDelayMs: 500 })
  const joined = await Promise.all([join(one!), join(other!)])
  assert.deepEqual(
    joined.map(({ generationId }) => generationId),
    [1, 1],
  )
  assert.equal(Math.max(...joined.map(({ members }) => members.length)), 2)
  const [first] = await peerOf(t, { groupInitialRebalanceDelayMs: 0 })
  const alone = await join(first!)
  assert.deepEqual([alone.generationId, alone.members.length], [1, 1])
})
