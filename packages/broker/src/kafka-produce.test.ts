// Producing where things are not as they should be: at the wrong shard, with a full disk, faster than the
// disk.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { initProducerIdApi } from '@sluice/protocol/kafka/generated/init-producer-id'
import { produceApi } from '@sluice/protocol/kafka/generated/produce'
import type { ProduceResponse } from '@sluice/protocol/kafka/generated/produce'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { Broker } from './broker.ts'
import { IoError } from './io/io.ts'
import type { Io } from './io/io.ts'
import { memoryFiles } from './io/memory-files.ts'
import { realIo } from './io/real-io.ts'
import { kafkaErrors } from './servers/kafka/kafka-errors.ts'
import { KafkaPeer } from './servers/kafka/kafka-peer.contract.ts'
import { shardedFor } from './sharded-broker.fixture.ts'

function batchOf(valueBytes: number): Uint8Array {
  const builder = new RecordBatchBuilder()
  builder.add(Date.now(), 'a.b', new Uint8Array(valueBytes))
  return builder.take()
}

async function peerAt(t: TestContext, port: number): Promise<KafkaPeer> {
  const peer = await KafkaPeer.open(port)
  t.after(() => peer.destroy())
  return peer
}

function produce(
  peer: KafkaPeer,
  name: string,
  index: number,
  batch = batchOf(10),
): Promise<ProduceResponse> {
  const topics = [{ name, partitions: [{ index, records: batch }] }]
  return peer.ask(produceApi, 10, { transactionalId: null, acks: 1, timeoutMs: 1000, topics })
}

test('at a shard that does not lead it, a producer is told who does; ids are no shard’s twice', async (t) => {
  const { broker, client } = await shardedFor(t, { shards: 3, kafka: true })
  await client.streams.create('T', { partitions: 6 })
  const peer = await peerAt(t, broker.kafkaAddresses[0]!.port)
  const ids = new Set<number>()
  let sentOn = 0
  for (let index = 0; index < 6; index++) {
    const answer = await produce(peer, 'T', index)
    const [partition] = answer.topics[0]!.partitions
    if (partition!.errorCode === kafkaErrors.NONE) continue
    sentOn++
    assert.equal(partition!.errorCode, kafkaErrors.NOT_LEADER_OR_FOLLOWER)
    const { leaderId, leaderEpoch } = partition!.currentLeader!
    assert.ok(leaderEpoch! > 0, `epoch ${leaderEpoch}`)
    const { port } = answer.nodeEndpoints!.find(({ nodeId }) => nodeId === leaderId)!
    const leader = await peerAt(t, port)
    const again = await produce(leader, 'T', index)
    assert.deepEqual(
      [again.topics[0]!.partitions[0]!.errorCode, again.nodeEndpoints ?? []],
      [kafkaErrors.NONE, []],
    )
    for (const each of [leader, peer]) {
      const request = { transactionalId: null, transactionTimeoutMs: 0, producerId: -1, producerEpoch: -1 }
      ids.add((await each.ask(initProducerIdApi, 4, request)).producerId!)
    }
  }
  assert.ok(sentOn >= 2 && ids.size === 2 * sentOn, `${sentOn} partitions elsewhere, ${ids.size} ids`)
})

/** Files in memory that are full, or slow, when the test says so. */
function fileTrouble(): { io: Io; isFull: boolean; delayMs: number } {
  const files = memoryFiles()
  const open = files.open.bind(files)
  const trouble = { isFull: false, delayMs: 0, io: { ...realIo(), files } }
  files.open = async (path, options) => {
    const file = await open(path, options)
    const write = file.write.bind(file)
    file.write = async (parts, position) => {
      if (trouble.isFull && path.includes('/streams/')) throw new IoError('full', path, 'no space')
      if (trouble.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, trouble.delayMs))
      return write(parts, position)
    }
    return file
  }
  return trouble
}

test('a full disk and one that is too slow are told so that clients try again', async (t) => {
  const trouble = fileTrouble()
  const broker = await Broker.start({
    dataDir: '/data',
    io: trouble.io,
    kafka: { port: 0 },
    limits: { unflushedBytesMax: 1024 * 1024 },
  })
  t.after(() => broker.close())
  const client = await broker.connect()
  await client.streams.create('T', { messageBytesMax: 900_000 })
  const peer = await peerAt(t, broker.kafkaAddresses[0]!.port)
  const codeOf = async (answer: Promise<ProduceResponse>): Promise<number> =>
    (await answer).topics[0]!.partitions[0]!.errorCode
  trouble.isFull = true
  assert.equal(await codeOf(produce(peer, 'T', 0)), kafkaErrors.KAFKA_STORAGE_ERROR)
  trouble.isFull = false
  assert.equal(await codeOf(produce(peer, 'T', 0)), kafkaErrors.NONE)
  trouble.delayMs = 50
  const codes = await Promise.all([0, 1, 2].map(() => codeOf(produce(peer, 'T', 0, batchOf(700_000)))))
  assert.deepEqual(codes, [kafkaErrors.NONE, kafkaErrors.REQUEST_TIMED_OUT, kafkaErrors.REQUEST_TIMED_OUT])
  trouble.delayMs = 0
  assert.equal(await codeOf(produce(peer, 'T', 0)), kafkaErrors.NONE)
})
