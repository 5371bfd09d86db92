// Administration of topics at every node of a broker with two shards, whichever of them decides and leads.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createPartitionsApi } from '@sluice/protocol/kafka/generated/create-partitions'
import { createTopicsApi } from '@sluice/protocol/kafka/generated/create-topics'
import { deleteRecordsApi } from '@sluice/protocol/kafka/generated/delete-records'
import { deleteTopicsApi } from '@sluice/protocol/kafka/generated/delete-topics'
import { describeConfigsApi } from '@sluice/protocol/kafka/generated/describe-configs'
import { describeLogDirsApi } from '@sluice/protocol/kafka/generated/describe-log-dirs'
import { incrementalAlterConfigsApi } from '@sluice/protocol/kafka/generated/incremental-alter-configs'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import type { Client } from '@sluice/client'
import { clientOf, startSharded } from '../../sharded-broker.fixture.ts'
import type { ShardedBroker } from '../../sharded-broker.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

let broker: ShardedBroker
let client: Client | undefined
let peers: KafkaPeer[] = []

before(async () => {
  broker = await startSharded({ shards: 2, kafka: true })
  client = await clientOf(broker)
  const front = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  const { brokers } = await front.ask(metadataApi, 12, {
    topics: [],
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  front.destroy()
  assert.equal(brokers.length, 2)
  peers = await Promise.all(brokers.map(({ port }) => KafkaPeer.open(port)))
})

after(async () => {
  for (const peer of peers) peer.destroy()
  await client?.close()
  await broker.close()
})

test('of two clients that create a topic at once at two nodes, one is told that it exists', async () => {
  for (let round = 0; round < 20; round++) {
    const topic = {
      name: `race-${round}`,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }
    const creation = { topics: [topic], timeoutMs: 1000, validateOnly: false }
    const answers = await Promise.all(peers.map((each) => each.ask(createTopicsApi, 7, creation)))
    const codes = answers.map(({ topics }) => topics[0]!.errorCode).toSorted((a, b) => a - b)
    assert.deepEqual(codes, [kafkaErrors.NONE, kafkaErrors.TOPIC_ALREADY_EXISTS])
  }
})

test('where partitions are is refused to be chosen, with the reason', async () => {
  const chosen = { name: 'placed', numPartitions: -1, replicationFactor: -1, configs: [] }
  const assignments = [{ partitionIndex: 0, brokerIds: [1] }]
  const creation = { topics: [{ ...chosen, assignments }], timeoutMs: 1000, validateOnly: false }
  const refused = (await peers[0]!.ask(createTopicsApi, 7, creation)).topics[0]!
  assert.equal(refused.errorCode, kafkaErrors.INVALID_REPLICA_ASSIGNMENT)
  assert.match(refused.errorMessage!, /chosen by the brokers/)
  await client!.streams.create('placed', { partitions: 1 })
  const topics = [{ name: 'placed', count: 2, assignments: [{ brokerIds: [0] }] }]
  const growth = await peers[1]!.ask(createPartitionsApi, 3, { topics, timeoutMs: 1000, validateOnly: false })
  assert.equal(growth.results[0]!.errorCode, kafkaErrors.INVALID_REPLICA_ASSIGNMENT)
  assert.match(growth.results[0]!.errorMessage!, /chosen by the brokers/)
})

test('a topic is made, grown, altered, emptied and deleted at any node, and all of them know', async () => {
  for (const [at, peer] of peers.entries()) {
    const other = peers[1 - at]!
    const name = `topic-${at}`
    const topic = { name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
    const creation = { topics: [topic], timeoutMs: 1000, validateOnly: false }
    assert.equal((await peer.ask(createTopicsApi, 7, creation)).topics[0]!.errorCode, 0)
    const growth = { topics: [{ name, count: 4, assignments: null }], timeoutMs: 1000, validateOnly: false }
    assert.equal((await other.ask(createPartitionsApi, 3, growth)).results[0]!.errorCode, 0)
    const configs = [{ name: 'retention.ms', configOperation: 0, value: '77000' }]
    const resource = { resourceType: 2, resourceName: name }
    const alteration = { resources: [{ ...resource, configs }], validateOnly: false }
    assert.equal((await peer.ask(incrementalAlterConfigsApi, 1, alteration)).responses[0]!.errorCode, 0)
    const asked = { resources: [{ ...resource, configurationKeys: ['retention.ms'] }] }
    const description = { ...asked, includeSynonyms: false, includeDocumentation: false }
    const { results } = await other.ask(describeConfigsApi, 4, description)
    assert.equal(results[0]!.configs[0]!.value, '77000')
    for (let index = 0; index < 40; index++) await client!.publish(name, `k${index}`, 'v')
    const partitions = [0, 1, 2, 3].map((partitionIndex) => ({ partitionIndex, offset: -1 }))
    const emptying = { topics: [{ name, partitions }], timeoutMs: 1000 }
    const emptied = (await peer.ask(deleteRecordsApi, 2, emptying)).topics[0]!.partitions
    assert.deepEqual(
      emptied.map(({ errorCode }) => errorCode),
      [0, 0, 0, 0],
    )
    assert.equal(
      emptied.reduce((sum, { lowWatermark }) => sum + lowWatermark, 0),
      40,
    )
    const sizes = await Promise.all(peers.map((each) => each.ask(describeLogDirsApi, 4, { topics: null })))
    const led = sizes.flatMap(
      (answer) => answer.results[0]!.topics.find((one) => one.name === name)!.partitions,
    )
    assert.deepEqual(
      led.map(({ partitionIndex }) => partitionIndex).toSorted((a, b) => a - b),
      [0, 1, 2, 3],
    )
    const deletion = { topics: [{ name, topicId: zeroUuid }], topicNames: [], timeoutMs: 1000 }
    assert.equal((await other.ask(deleteTopicsApi, 6, deletion)).responses[0]!.errorCode, 0)
    await assert.rejects(client!.streams.get(name), { code: 'unknown-stream' })
  }
})
