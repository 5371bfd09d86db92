// What a request names again and again is answered once: an answer is as large as what there is to tell, and
// a small request must not make a large one.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Client } from '@sluice/client'
import { consumerGroupDescribeApi } from '@sluice/protocol/kafka/generated/consumer-group-describe'
import { createTopicsApi } from '@sluice/protocol/kafka/generated/create-topics'
import { describeConfigsApi } from '@sluice/protocol/kafka/generated/describe-configs'
import { describeGroupsApi } from '@sluice/protocol/kafka/generated/describe-groups'
import { describeLogDirsApi } from '@sluice/protocol/kafka/generated/describe-log-dirs'
import { describeProducersApi } from '@sluice/protocol/kafka/generated/describe-producers'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import { offsetCommitApi } from '@sluice/protocol/kafka/generated/offset-commit'
import { offsetFetchApi } from '@sluice/protocol/kafka/generated/offset-fetch'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import { Broker } from '../../broker.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

let broker: Broker
let own: Client
let peer: KafkaPeer

before(async () => {
  broker = await Broker.start({ memory: true, kafka: { port: 0 } })
  own = await broker.connect()
  peer = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  await own.streams.create('T', { partitions: 2 })
})

after(async () => {
  peer.destroy()
  await own.close()
  await broker.close()
})

function often<T>(what: T): T[] {
  return Array.from({ length: 100 }, () => what)
}

test('configurations: each resource once for what is asked of it', async () => {
  const resource = { resourceType: 2, resourceName: 'T', configurationKeys: null }
  const some = { ...resource, configurationKeys: ['retention.ms'] }
  const resources = [...often(resource), ...often(some)]
  const request = { resources, includeSynonyms: true, includeDocumentation: true }
  const { results } = await peer.ask(describeConfigsApi, 4, request)
  assert.deepEqual(
    results.map(({ configs }) => configs.length > 1),
    [true, false],
  )
})

test('topics: metadata, sizes and producers once each', async () => {
  const { topics } = await peer.ask(metadataApi, 12, {
    topics: often({ name: 'T', topicId: zeroUuid }),
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  assert.equal(topics.length, 1)
  const asked = [...often({ name: 'T', partitions: often(1) }), { name: 'T', partitions: [0] }]
  const { results } = await peer.ask(describeLogDirsApi, 4, { topics: asked })
  const told = results.flatMap((directory) => directory.topics)
  assert.deepEqual(
    told.map(({ partitions }) => partitions.map(({ partitionIndex }) => partitionIndex)),
    [[0, 1]],
  )
  const places = [...often({ name: 'T', partitionIndexes: often(1) }), { name: 'T', partitionIndexes: [0] }]
  const producers = await peer.ask(describeProducersApi, 0, { topics: places })
  assert.deepEqual(
    producers.topics.map(({ partitions }) => partitions.map(({ partitionIndex }) => partitionIndex)),
    [[1, 0]],
  )
})

test('groups: each once, and each offset of it', async () => {
  const groups = often('G')
  const options = { includeAuthorizedOperations: false }
  assert.equal((await peer.ask(describeGroupsApi, 5, { groups, ...options })).groups.length, 1)
  const consumers = await peer.ask(consumerGroupDescribeApi, 0, { groupIds: groups, ...options })
  assert.equal(consumers.groups.length, 1)
  const place = { partitionIndex: 0, committedOffset: 1, commitTimestamp: -1, committedLeaderEpoch: -1 }
  await peer.ask(offsetCommitApi, 8, {
    groupId: 'G',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [{ name: 'T', partitions: [{ ...place, committedMetadata: 'm'.repeat(4000) }] }],
  })
  const topics = often({ name: 'T', partitionIndexes: [0, 0, 0] })
  const group = { groupId: 'G', memberId: null, memberEpoch: -1, topics }
  const fetched = await peer.ask(offsetFetchApi, 8, {
    groupId: '',
    topics: [],
    groups: [...often(group), { ...group, topics: null }],
    requireStable: false,
  })
  assert.deepEqual(
    fetched.groups.map((each) => each.topics.map(({ partitions }) => partitions.length)),
    [[1]],
  )
  const older = { groupId: 'G', topics, groups: [], requireStable: false }
  const alone = await peer.ask(offsetFetchApi, 1, older)
  assert.deepEqual(
    alone.topics.map(({ partitions }) => partitions.map(({ committedOffset }) => committedOffset)),
    [[1]],
  )
})

test('new topics that are only looked at: no more at once than a broker may have', async () => {
  const small = await Broker.start({ memory: true, kafka: { port: 0 }, limits: { streamsMax: 10 } })
  const its = await KafkaPeer.open(small.kafkaAddresses[0]!.port)
  const topics = Array.from({ length: 20 }, (_, at) => {
    return { name: `new-${at}`, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  })
  const answer = await its.ask(createTopicsApi, 7, { topics, timeoutMs: 1000, validateOnly: true })
  const codes = answer.topics.map(({ errorCode }) => errorCode)
  assert.deepEqual(codes.slice(0, 10), Array(10).fill(kafkaErrors.NONE))
  assert.deepEqual(codes.slice(10), Array(10).fill(kafkaErrors.POLICY_VIOLATION))
  its.destroy()
  await small.close()
})
