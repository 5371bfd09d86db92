// The number of a broker among others is configured, and Kafka clients hear it everywhere; those of shards
// follow on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTopicsApi } from '@sluice/protocol/kafka/generated/create-topics'
import { describeClusterApi } from '@sluice/protocol/kafka/generated/describe-cluster'
import { describeConfigsApi } from '@sluice/protocol/kafka/generated/describe-configs'
import { fetchApi } from '@sluice/protocol/kafka/generated/fetch'
import { findCoordinatorApi } from '@sluice/protocol/kafka/generated/find-coordinator'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import type { MetadataResponse } from '@sluice/protocol/kafka/generated/metadata'
import { produceApi } from '@sluice/protocol/kafka/generated/produce'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { Broker } from '../../broker.ts'
import { shardedFor } from '../../sharded-broker.fixture.ts'
import { fetchRequest } from './fetch-request.contract.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

const brokerType = 4
const limits = { kafkaNodeId: 100, groupInitialRebalanceDelayMs: 0 }

function metadataOf(peer: KafkaPeer, name: string): Promise<MetadataResponse> {
  return peer.ask(metadataApi, 13, {
    topics: [{ name, topicId: zeroUuid }],
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
}

async function coordinatorOf(peer: KafkaPeer, group: string): Promise<number> {
  const answer = await peer.ask(findCoordinatorApi, 4, { key: '', keyType: 0, coordinatorKeys: [group] })
  return answer.coordinators[0]!.nodeId
}

async function configsOf(peer: KafkaPeer, broker: string): Promise<number> {
  const resource = { resourceType: brokerType, resourceName: broker, configurationKeys: ['node.id'] }
  const request = { resources: [resource], includeSynonyms: false, includeDocumentation: false }
  const { errorCode, configs } = (await peer.ask(describeConfigsApi, 4, request)).results[0]!
  if (errorCode === 0) assert.equal(configs[0]!.value, broker)
  return errorCode
}

async function createdAt(peer: KafkaPeer, name: string, broker: number): Promise<number> {
  const assignments = [{ partitionIndex: 0, brokerIds: [broker] }]
  const topics = [{ name, numPartitions: -1, replicationFactor: -1, assignments, configs: [] }]
  const answer = await peer.ask(createTopicsApi, 7, { topics, timeoutMs: 1000, validateOnly: false })
  return answer.topics[0]!.errorCode
}

test('a broker has the number that it is configured to', async (t) => {
  const broker = await Broker.start({ memory: true, kafka: { port: 0 }, limits })
  const peer = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  t.after(async () => {
    peer.destroy()
    await broker.close()
  })
  const { brokers, controllerId, topics } = await metadataOf(peer, 'T')
  assert.deepEqual(
    brokers.map(({ nodeId }) => nodeId),
    [100],
  )
  const { leaderId, replicaNodes, isrNodes } = topics[0]!.partitions[0]!
  assert.deepEqual([controllerId, leaderId, replicaNodes, isrNodes], [100, 100, [100], [100]])
  const cluster = { includeClusterAuthorizedOperations: false, endpointType: 1, includeFencedBrokers: false }
  const told = await peer.ask(describeClusterApi, 1, cluster)
  assert.deepEqual([told.controllerId, told.brokers[0]!.brokerId], [100, 100])
  assert.equal(await coordinatorOf(peer, 'g'), 100)
  assert.equal(await configsOf(peer, '100'), kafkaErrors.NONE)
  assert.equal(await configsOf(peer, '0'), kafkaErrors.INVALID_REQUEST)
  assert.equal(await createdAt(peer, 'placed', 100), kafkaErrors.NONE)
  assert.equal(await createdAt(peer, 'elsewhere', 0), kafkaErrors.INVALID_REPLICA_ASSIGNMENT)
})

test('shards count on from it, and who asks the wrong one is told the right one', async (t) => {
  const { broker } = await shardedFor(t, { shards: 2, kafka: true, limits })
  const front = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  const { brokers, topics } = await metadataOf(front, 'T')
  assert.deepEqual(
    brokers.map(({ nodeId }) => nodeId),
    [100, 101],
  )
  const { leaderId } = topics[0]!.partitions[0]!
  const groups = await Promise.all(Array.from({ length: 20 }, (_, at) => coordinatorOf(front, `g${at}`)))
  assert.deepEqual(new Set(groups), new Set([100, 101]))
  front.destroy()

  const other = brokers.find(({ nodeId }) => nodeId !== leaderId)!
  const peer = await KafkaPeer.open(other.port)
  t.after(() => peer.destroy())
  const builder = new RecordBatchBuilder()
  builder.add(Date.now(), 'k', 'v')
  const parts = [{ name: 'T', partitions: [{ index: 0, records: builder.take() }] }]
  const request = { transactionalId: null, acks: -1, timeoutMs: 1000, topics: parts }
  const produced = await peer.ask(produceApi, 10, request)
  const refused = produced.topics[0]!.partitions[0]!
  assert.equal(refused.errorCode, kafkaErrors.NOT_LEADER_OR_FOLLOWER)
  assert.equal(refused.currentLeader?.leaderId, leaderId)
  assert.deepEqual(
    produced.nodeEndpoints!.map(({ nodeId, port }) => [nodeId, port]),
    brokers.filter(({ nodeId }) => nodeId === leaderId).map(({ nodeId, port }) => [nodeId, port]),
  )
  const { topicId } = topics[0]!
  const fetched = await peer.ask(fetchApi, 16, fetchRequest({ name: 'T', topicId }))
  const missed = fetched.topics[0]!.partitions[0]!
  assert.equal(missed.errorCode, kafkaErrors.NOT_LEADER_OR_FOLLOWER)
  assert.equal(missed.currentLeader?.leaderId, leaderId)
  assert.deepEqual(
    fetched.nodeEndpoints!.map(({ nodeId }) => nodeId),
    [leaderId],
  )
})
