// Requests about replicas over real sockets: there is one of each partition, which stays where it is.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as alterReassignments from '@sluice/protocol/kafka/generated/alter-partition-reassignments'
import { describeLogDirsApi } from '@sluice/protocol/kafka/generated/describe-log-dirs'
import { electLeadersApi } from '@sluice/protocol/kafka/generated/elect-leaders'
import { listPartitionReassignmentsApi } from '@sluice/protocol/kafka/generated/list-partition-reassignments'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Broker } from '../../broker.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

let root: string
let broker: Broker
let peer: KafkaPeer

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-replicas-'))
  broker = await Broker.start({ dataDir: root, kafka: { port: 0 } })
  peer = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  const client = await broker.connect()
  await client.streams.create('S', { partitions: 2 })
  await client.streams.create('M', { durability: 'memory' })
  await client.publish('S', 'k', 'value')
  await client.close()
})

after(async () => {
  peer.destroy()
  await broker.close()
  await rm(root, { recursive: true })
})

const nameOf = (errorCode: number): string =>
  Object.entries(kafkaErrors).find(([, code]) => code === errorCode)![0]

test('log directories tell of what is in them, at every version', async () => {
  for (let version = 1; version <= 4; version++) {
    const all = await peer.ask(describeLogDirsApi, version, { topics: null })
    assert.deepEqual(
      all.results.map(({ logDir, topics, errorCode }) => [logDir, topics.map(({ name }) => name), errorCode]),
      [
        [`${root}/streams`, ['S'], 0],
        ['memory', ['M'], 0],
      ],
    )
    const [disk, memory] = all.results.map(({ totalBytes, usableBytes }) => [totalBytes!, usableBytes!])
    if (version < 4)
      assert.deepEqual(
        [disk, memory],
        [
          [-1, -1],
          [-1, -1],
        ],
      )
    else {
      assert.ok(disk![0]! > disk![1]! && disk![1]! > 0)
      assert.deepEqual(memory, [-1, -1])
    }
    const sizes = all.results[0]!.topics[0]!.partitions.map(({ partitionSize }) => partitionSize)
    assert.equal(sizes.length, 2)
    assert.equal(sizes.reduce((sum, size) => sum + size, 0) > 60, true)
    const topics = [
      { name: 'S', partitions: [1, 7] },
      { name: 'nowhere', partitions: [0] },
    ]
    const some = await peer.ask(describeLogDirsApi, version, { topics })
    assert.deepEqual(
      some.results.flatMap((dir) => dir.topics.map(({ name, partitions }) => [name, partitions.length])),
      [['S', 1]],
    )
  }
})

test('no partition needs an election', async () => {
  for (let version = 0; version <= 2; version++) {
    for (const electionType of version === 0 ? [0] : [0, 1]) {
      const topicPartitions = [
        { topic: 'S', partitions: [0, 5] },
        { topic: 'nowhere', partitions: [0] },
      ]
      const answer = await peer.ask(electLeadersApi, version, { electionType, topicPartitions, timeoutMs: 1 })
      const results = answer.replicaElectionResults.map(({ topic, partitionResults }) => {
        return [topic, ...partitionResults.map(({ errorCode }) => nameOf(errorCode))]
      })
      assert.deepEqual(results, [
        ['S', 'ELECTION_NOT_NEEDED', 'UNKNOWN_TOPIC_OR_PARTITION'],
        ['nowhere', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ])
      const all = await peer.ask(electLeadersApi, version, {
        electionType,
        topicPartitions: null,
        timeoutMs: 1,
      })
      assert.deepEqual(all.replicaElectionResults, [])
    }
  }
  const odd = await peer.ask(electLeadersApi, 2, { electionType: 9, topicPartitions: null, timeoutMs: 1 })
  assert.equal(nameOf(odd.errorCode!), 'INVALID_REQUEST')
})

test('partitions are not moved', async () => {
  const asked = [
    [0, [0]],
    [0, null],
    [0, []],
    [0, [1]],
    [0, [0, 1]],
    [9, [0]],
  ] as const
  const partitions = asked.map(([partitionIndex, replicas]) => ({ partitionIndex, replicas }))
  const topics = [
    { name: 'S', partitions },
    { name: 'nowhere', partitions: [{ partitionIndex: 0, replicas: [0] }] },
  ]
  const { responses } = await peer.ask(alterReassignments.alterPartitionReassignmentsApi, 0, {
    topics,
    timeoutMs: 1,
  })
  assert.deepEqual(
    responses.flatMap((topic) => topic.partitions.map(({ errorCode }) => nameOf(errorCode))),
    [
      'NONE',
      'NO_REASSIGNMENT_IN_PROGRESS',
      'INVALID_REPLICA_ASSIGNMENT',
      'INVALID_REPLICA_ASSIGNMENT',
      'INVALID_REPLICA_ASSIGNMENT',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ],
  )
  const none = await peer.ask(listPartitionReassignmentsApi, 0, { topics: null, timeoutMs: 1 })
  assert.deepEqual([none.errorCode, none.topics], [0, []])
})
