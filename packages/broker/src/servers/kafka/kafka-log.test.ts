// Reading through the Kafka door what was published natively: whole batches, waiting, offsets of times and of
// epochs, and the exact error for each thing that can be wrong.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@sluice/client'
import { requestOf } from '@sluice/protocol/kafka/client-frames'
import { fetchApi } from '@sluice/protocol/kafka/generated/fetch'
import type {
  FetchRequest,
  FetchRequestTopicPartition,
  FetchResponseTopicPartition,
} from '@sluice/protocol/kafka/generated/fetch'
import { listOffsetsApi } from '@sluice/protocol/kafka/generated/list-offsets'
import type { ListOffsetsResponseTopicPartition } from '@sluice/protocol/kafka/generated/list-offsets'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import type { MetadataRequest, MetadataResponse } from '@sluice/protocol/kafka/generated/metadata'
import { offsetForLeaderEpochApi } from '@sluice/protocol/kafka/generated/offset-for-leader-epoch'
import { produceApi } from '@sluice/protocol/kafka/generated/produce'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import { baseOffsetOf, batchSizeOf, isChecksumRight } from '@sluice/protocol/record/record-batch'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { compressed } from '@sluice/protocol/record/compression/compressed-batches.contract'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { Broker } from '../../broker.ts'
import { memoryFiles } from '../../io/memory-files.ts'
import { realIo } from '../../io/real-io.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

let broker: Broker
let own: Client
let peer: KafkaPeer
let port: number

before(async () => {
  broker = await Broker.start({ memory: true, kafka: { port: 0 } })
  own = await broker.connect()
  port = broker.kafkaAddresses[0]!.port
  peer = await KafkaPeer.open(port)
})

after(async () => {
  peer.destroy()
  await own.close()
  await broker.close()
})

let count = 0

/** A stream with one batch for each message. */
async function published(sizes: readonly number[], partitions = 1): Promise<string> {
  const name = `T${++count}`
  await own.streams.create(name, { partitions })
  for (const size of sizes) await own.publish(name, 'a.b', 'x'.repeat(size))
  return name
}

type Wanted = Partial<FetchRequestTopicPartition> & { readonly fetchOffset: number }

function partitionOf(wanted: Wanted): FetchRequestTopicPartition {
  return {
    partition: 0,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: 1_000_000,
    replicaDirectoryId: zeroUuid,
    ...wanted,
  }
}

function fetchOf(
  topic: string,
  wanted: readonly Wanted[],
  changes: Partial<FetchRequest> & { readonly topicId?: string } = {},
): FetchRequest {
  const { topicId = zeroUuid, ...rest } = changes
  return {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 10_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ name: topic, topicId, partitions: wanted.map(partitionOf) }],
    forgottenTopics: [],
    rackId: '',
    clusterId: null,
    ...rest,
  }
}

async function fetched(topic: string, wanted: Wanted, changes = {}): Promise<FetchResponseTopicPartition> {
  const { topics } = await peer.ask(fetchApi, 11, fetchOf(topic, [wanted], changes))
  return topics[0]!.partitions[0]!
}

/** Offsets of the records, which are whole batches. */
function offsetsOf({ records }: FetchResponseTopicPartition): number[] {
  const bytes = records as Uint8Array
  const offsets: number[] = []
  for (let at = 0; at < bytes.length; at += batchSizeOf(bytes, at)) {
    assert.ok(at + batchSizeOf(bytes, at) <= bytes.length, 'batches are whole')
    offsets.push(...decodeRecords(bytes, at).map(({ offset }) => offset))
  }
  return offsets
}

async function metadataOf(version: number, request: Partial<MetadataRequest>): Promise<MetadataResponse> {
  return peer.ask(metadataApi, version, {
    topics: null,
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
    ...request,
  })
}

async function topicIdOf(name: string): Promise<string> {
  const { topics } = await metadataOf(12, { topics: [{ name, topicId: zeroUuid }] })
  return topics[0]!.topicId
}

test('segments that have no record any more are passed over within one answer', async () => {
  const name = `T${++count}`
  await own.streams.create(name, { segmentBytes: 65_536 })
  for (const text of ['a', 'b', 'c', 'd', 'e']) await own.publish(name, 'a.b', text.repeat(70_000))
  await own.streams.deleteMessages(
    name,
    [1, 2, 4].map((offset) => ({ partition: 0, offset })),
  )
  for (const fetchOffset of [1, 2]) assert.equal(offsetsOf(await fetched(name, { fetchOffset }))[0], 3)
  // Where there is none up to the end, the batches without records say how far a client has come.
  const { records, highWatermark } = await fetched(name, { fetchOffset: 4 })
  assert.equal(highWatermark, 5)
  assert.equal(baseOffsetOf(records as Uint8Array, 0), 4)
})

test('at every version the same records come, by name and by id', async () => {
  const name = await published([10, 20, 30])
  const topicId = await topicIdOf(name)
  for (let version = 4; version <= 17; version++) {
    const request = fetchOf(name, [{ fetchOffset: 0 }], { topicId })
    const { topics, errorCode, sessionId, throttleTimeMs } = await peer.ask(fetchApi, version, request)
    assert.deepEqual([errorCode, sessionId, throttleTimeMs], [0, 0, 0])
    const [partition] = topics[0]!.partitions
    assert.equal(partition!.highWatermark, 3)
    assert.equal(partition!.lastStableOffset, 3)
    assert.deepEqual(offsetsOf(partition!), [0, 1, 2])
  }
})

test('in the middle of a batch the whole batch comes', async () => {
  const name = await published([])
  await own.publishBatch(
    name,
    Array.from({ length: 10 }, () => ({ subject: 'a', data: 'x' })),
  )
  await own.publish(name, 'a', 'y')
  const { records } = await fetched(name, { fetchOffset: 7 })
  assert.equal(baseOffsetOf(records as Uint8Array, 0), 0)
  assert.deepEqual(offsetsOf(await fetched(name, { fetchOffset: 10 })), [10])
})

test('the bounds hold, but for the first batch, which comes whatever its size', async () => {
  const name = await published([1000, 1000, 1000, 1000], 1)
  const { length: whole } = (await fetched(name, { fetchOffset: 0, partitionMaxBytes: 1 }))
    .records as Uint8Array
  assert.ok(whole > 1000 && whole < 1200)
  assert.deepEqual(offsetsOf(await fetched(name, { fetchOffset: 0 }, { maxBytes: 1 })), [0])
  assert.deepEqual(offsetsOf(await fetched(name, { fetchOffset: 0 }, { maxBytes: 0 })), [0])
  assert.deepEqual(offsetsOf(await fetched(name, { fetchOffset: 0 }, { maxBytes: -5, minBytes: 0 })), [0])
  assert.deepEqual(offsetsOf(await fetched(name, { fetchOffset: 0, partitionMaxBytes: 0 })), [0])
  assert.deepEqual(offsetsOf(await fetched(name, { fetchOffset: 0, partitionMaxBytes: 2.5 * whole })), [0, 1])
  assert.deepEqual(offsetsOf(await fetched(name, { fetchOffset: 1 }, { maxBytes: 2 * whole })), [1, 2])
})

test('no partition is always the last, also where requests of different sizes alternate', async () => {
  const name = await published([], 3)
  for (let at = 0; at < 100; at++) await own.publish(name, `s.${at}`, 'x'.repeat(500))
  const firsts = new Set<string>()
  const ask = async (count: number): Promise<void> => {
    const wanted = Array.from({ length: count }, (_, partition) => ({ partition, fetchOffset: 0 }))
    const { topics } = await peer.ask(fetchApi, 11, fetchOf(name, wanted, { maxBytes: 1 }))
    const first = topics[0]!.partitions.find(({ records }) => (records as Uint8Array).length > 0)!
    firsts.add(`${first.partition} of ${count}`)
  }
  for (let round = 0; round < 200; round++) {
    await ask(2)
    await ask(3)
  }
  assert.equal(firsts.size, 5)
})

test('of several partitions each is the first in its turn, and none is passed over for ever', async () => {
  const name = await published([], 4)
  for (let at = 0; at < 200; at++) await own.publish(name, `s.${at}`, 'x'.repeat(500))
  const offsets = [0, 0, 0, 0]
  const firsts = new Set<number>()
  for (let round = 0; round < 400; round++) {
    const wanted = offsets.map((fetchOffset, partition) => ({
      fetchOffset,
      partition,
      partitionMaxBytes: 600,
    }))
    const { topics } = await peer.ask(fetchApi, 11, fetchOf(name, wanted, { maxBytes: 700 }))
    for (const answer of topics[0]!.partitions) {
      const last = offsetsOf(answer).at(-1)
      if (last === undefined) continue
      if (round < 150) firsts.add(answer.partition)
      offsets[answer.partition] = last + 1
    }
  }
  assert.equal(firsts.size, 4)
  assert.equal(
    offsets.reduce((sum, offset) => sum + offset),
    200,
  )
})

test('a fetch at the end waits for the first record, and for no longer than it said', async () => {
  const name = await published([10])
  const before = performance.now()
  assert.deepEqual(offsetsOf(await fetched(name, { fetchOffset: 1 }, { maxWaitMs: 150 })), [])
  assert.ok(performance.now() - before >= 145)
  const waiting = fetched(name, { fetchOffset: 1 }, { maxWaitMs: 20_000 })
  await sleep(50)
  await own.publish(name, 'a', 'now')
  assert.deepEqual(offsetsOf(await waiting), [1])
})

test('a fetch waits for as many bytes as it wants, over all of its partitions', async () => {
  const name = await published([], 2)
  const wanted = [0, 1].map((partition) => ({ partition, fetchOffset: 0 }))
  const request = fetchOf(name, wanted, { maxWaitMs: 20_000, minBytes: 1500 })
  let isAnswered = false
  const waiting = peer.ask(fetchApi, 11, request).finally(() => (isAnswered = true))
  for (let at = 0; at < 4; at++) {
    await own.publish(name, `s.${at}`, 'x'.repeat(300))
    await sleep(20)
    assert.equal(isAnswered, false, `after ${at + 1}`)
  }
  await own.publish(name, 's.4', 'x'.repeat(300))
  const { topics } = await waiting
  assert.equal(topics[0]!.partitions.flatMap(offsetsOf).length, 5)
})

test('an error is told at once, whatever there is to wait for', async () => {
  const name = await published([10])
  const wanted = [{ fetchOffset: 1 }, { partition: 7, fetchOffset: 0 }]
  const { topics } = await peer.ask(fetchApi, 11, fetchOf(name, wanted, { maxWaitMs: 60_000 }))
  const codes = topics[0]!.partitions.map(({ errorCode }) => errorCode)
  assert.deepEqual(codes, [0, kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION])
})

test('a topic that is deleted ends the wait for it', async () => {
  const name = await published([])
  const topicId = await topicIdOf(name)
  const request = fetchOf(name, [{ fetchOffset: 0 }], { maxWaitMs: 60_000, topicId })
  const waiting = peer.ask(fetchApi, 13, request)
  await sleep(50)
  await own.streams.delete(name)
  assert.equal((await waiting).topics[0]!.partitions[0]!.errorCode, kafkaErrors.UNKNOWN_TOPIC_ID)
  await own.streams.create(name, {})
  const { topics } = await peer.ask(fetchApi, 13, request)
  assert.equal(topics[0]!.partitions[0]!.errorCode, kafkaErrors.UNKNOWN_TOPIC_ID, 'made again it is another')
})

test('what cannot be fetched has its own error', async () => {
  const name = await published([10, 10])
  const cases: readonly (readonly [string, Wanted, number])[] = [
    ['no-such-topic', { fetchOffset: 0 }, kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION],
    [name, { fetchOffset: 0, partition: -1 }, kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION],
    [name, { fetchOffset: 3 }, kafkaErrors.OFFSET_OUT_OF_RANGE],
    [name, { fetchOffset: -1 }, kafkaErrors.OFFSET_OUT_OF_RANGE],
    [name, { fetchOffset: 0, currentLeaderEpoch: 0 }, kafkaErrors.FENCED_LEADER_EPOCH],
    [name, { fetchOffset: 0, currentLeaderEpoch: 2 }, kafkaErrors.UNKNOWN_LEADER_EPOCH],
    [name, { fetchOffset: 0, currentLeaderEpoch: 1 }, kafkaErrors.NONE],
  ]
  for (const [topic, wanted, expected] of cases) {
    const { errorCode, highWatermark } = await fetched(topic, wanted)
    assert.equal(errorCode, expected, `${topic} ${JSON.stringify(wanted)}`)
    assert.equal(highWatermark, expected === 0 ? 2 : -1)
  }
  await own.streams.purge(name, { partition: 0, before: 1 })
  assert.equal((await fetched(name, { fetchOffset: 0 })).errorCode, kafkaErrors.OFFSET_OUT_OF_RANGE)
  const unknownId = fetchOf(name, [{ fetchOffset: 0 }], { topicId: 'f'.repeat(32) })
  const { topics } = await peer.ask(fetchApi, 17, unknownId)
  assert.equal(topics[0]!.partitions[0]!.errorCode, kafkaErrors.UNKNOWN_TOPIC_ID)
})

test('a fenced fetch is told the leader, and one that has read another log where they part', async () => {
  const name = await published([10, 10])
  const topicId = await topicIdOf(name)
  const fenced = fetchOf(name, [{ fetchOffset: 0, currentLeaderEpoch: 0 }], { topicId })
  const { topics, nodeEndpoints } = await peer.ask(fetchApi, 16, fenced)
  assert.deepEqual(topics[0]!.partitions[0]!.currentLeader, { leaderId: 0, leaderEpoch: 1 })
  assert.deepEqual(nodeEndpoints, [{ nodeId: 0, host: '127.0.0.1', port, rack: null }])
  const beyond = fetchOf(name, [{ fetchOffset: 2, lastFetchedEpoch: 0 }], { topicId })
  const parted = (await peer.ask(fetchApi, 12, beyond)).topics[0]!.partitions[0]!
  assert.deepEqual(parted.divergingEpoch, { epoch: 0, endOffset: 0 })
  const fine = fetchOf(name, [{ fetchOffset: 2, lastFetchedEpoch: 1 }], { topicId })
  assert.equal((await peer.ask(fetchApi, 12, fine)).topics[0]!.partitions[0]!.divergingEpoch, undefined)
})

test('there are no sessions: one that is asked for is not given, one that is used is unknown', async () => {
  const name = await published([10])
  const first = await peer.ask(fetchApi, 11, fetchOf(name, [{ fetchOffset: 0 }], { sessionEpoch: 0 }))
  assert.deepEqual([first.errorCode, first.sessionId, first.topics.length], [0, 0, 1])
  const second = await peer.ask(fetchApi, 11, fetchOf(name, [], { sessionId: 5, sessionEpoch: 1 }))
  assert.deepEqual([second.errorCode, second.topics.length], [kafkaErrors.FETCH_SESSION_ID_NOT_FOUND, 0])
})

test('who wants only what is committed is told that nothing was aborted', async () => {
  const name = await published([10])
  assert.deepEqual((await fetched(name, { fetchOffset: 0 }, { isolationLevel: 1 })).abortedTransactions, [])
  assert.equal((await fetched(name, { fetchOffset: 0 })).abortedTransactions, null)
})

test('what is not in memory any more is read from disk, whole and right, however often', async (t) => {
  const io = { ...realIo(), files: memoryFiles() }
  const limits = { tailCacheBytes: 0, segmentBytes: 64 * 1024 }
  const disk = await Broker.start({ dataDir: '/data', io, limits, kafka: { port: 0 } })
  const client = await disk.connect()
  await client.streams.create('D', { partitions: 3 })
  for (let at = 0; at < 400; at++) await client.publish('D', `s.${at}`, `${at}.`.repeat(200 + (at % 7) * 900))
  const reader = await KafkaPeer.open(disk.kafkaAddresses[0]!.port)
  t.after(async () => {
    reader.destroy()
    await client.close()
    await disk.close()
  })
  for (const [partitionMaxBytes, maxBytes] of [
    [1, 1],
    [20_000, 50_000],
    [1_000_000, 10_000_000],
  ] as const) {
    const offsets = [0, 0, 0]
    const values = new Set<string>()
    while (values.size < 400) {
      const wanted = offsets.map((fetchOffset, partition) => ({ fetchOffset, partition, partitionMaxBytes }))
      const { topics } = await reader.ask(fetchApi, 11, fetchOf('D', wanted, { maxBytes }))
      for (const { partition, errorCode, records } of topics[0]!.partitions) {
        assert.equal(errorCode, 0)
        const bytes = records as Uint8Array
        for (let at = 0; at < bytes.length; at += batchSizeOf(bytes, at)) {
          assert.ok(isChecksumRight(bytes, at))
          for (const { offset, data } of decodeRecords(bytes, at)) {
            values.add(Buffer.from(data!).toString().split('.')[0]!)
            offsets[partition] = offset + 1
          }
        }
      }
    }
    assert.equal(
      offsets.reduce((sum, offset) => sum + offset),
      400,
    )
  }
})

test('who does not read the answers is given no more of them, and then closed', async () => {
  const bounded = await Broker.start({ memory: true, kafka: { port: 0 }, limits: { stalledPeerMs: 500 } })
  const client = await bounded.connect()
  await client.streams.create('B', {})
  for (let at = 0; at < 8; at++) await client.publish('B', 'a', 'x'.repeat(1_000_000))
  const slow = await KafkaPeer.open(bounded.kafkaAddresses[0]!.port)
  slow.socket.pause()
  const before = process.memoryUsage().arrayBuffers
  const request = requestOf(
    fetchApi,
    { version: 11 },
    fetchOf('B', [{ fetchOffset: 0, partitionMaxBytes: 8e6 }]),
  )
  for (let count = 0; count < 200; count++) slow.send(request)
  await sleep(200)
  const held = process.memoryUsage().arrayBuffers - before
  assert.ok(held < 32e6, `${held} bytes are held`)
  await sleep(800)
  slow.socket.resume()
  await slow.closed()
  assert.ok(slow.frames.length < 20, `${slow.frames.length} answers`)
  await client.close()
  await bounded.close()
})

test('those who wait keep nobody out: where memory is short they wait shortly', async (t) => {
  const bytes = 64 * 1024
  const limits = { bytesInProgressMax: bytes, totalBytesInProgressMax: bytes }
  const small = await Broker.start({ memory: true, kafka: { port: 0 }, limits })
  t.after(() => small.close())
  const client = await small.connect()
  await client.streams.create('W', {})
  const request = fetchOf('W', [{ fetchOffset: 0 }], { maxWaitMs: 20_000 })
  const waiting: KafkaPeer[] = []
  for (let count = 0; count < 5; count++) {
    const waiter = await KafkaPeer.open(small.kafkaAddresses[0]!.port)
    waiter.send(requestOf(fetchApi, { version: 11, clientId: 'w'.repeat(20_000) }, request))
    waiting.push(waiter)
    await sleep(20)
  }
  // With the second it is more than half; from there on they are answered soon, with nothing.
  for (const waiter of waiting.slice(1)) await waiter.answer(1)
  assert.deepEqual(
    waiting.map(({ frames }) => frames.length),
    [0, 1, 1, 1, 1],
  )
  await client.publish('W', 'a', 'x')
  for (const waiter of waiting) await waiter.answer(1)
  for (const waiter of waiting) waiter.destroy()
  await client.close()
})

// ── Offsets ────────────────────────────────────────────────────────────────────────────────────────────────

async function listed(
  topic: string,
  timestamp: number,
  version = 10,
  currentLeaderEpoch = -1,
): Promise<ListOffsetsResponseTopicPartition> {
  const partitions = [{ partitionIndex: 0, currentLeaderEpoch, timestamp }]
  const request = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions }], timeoutMs: 0 }
  const { topics } = await peer.ask(listOffsetsApi, version, request)
  return topics[0]!.partitions[0]!
}

test('ends, times and the newest record are found, at every version', async () => {
  const name = await published([])
  const times = [100, 300, 200, 300, 250]
  for (const timestamp of times) await own.publish(name, 'a', 'x', { timestamp })
  for (let version = 1; version <= 10; version++) {
    const leaderEpoch = version >= 4 ? 1 : -1
    const expected = (offset: number, timestamp: number): object => {
      return { partitionIndex: 0, errorCode: 0, timestamp, offset, leaderEpoch }
    }
    assert.deepEqual(await listed(name, -1, version), expected(5, -1))
    assert.deepEqual(await listed(name, -2, version), expected(0, -1))
    for (const [asked, offset, timestamp] of [
      [0, 0, 100],
      [100, 0, 100],
      [101, 1, 300],
      [201, 1, 300],
      [300, 1, 300],
    ] as const)
      assert.deepEqual(await listed(name, asked, version), expected(offset, timestamp), `${asked}`)
    const none = { partitionIndex: 0, errorCode: 0, timestamp: -1, offset: -1, leaderEpoch: -1 }
    assert.deepEqual(await listed(name, 301, version), none)
    const unsupported = { ...none, errorCode: kafkaErrors.UNSUPPORTED_VERSION }
    assert.deepEqual(await listed(name, -3, version), version >= 7 ? expected(1, 300) : unsupported)
    assert.deepEqual(await listed(name, -4, version), version >= 8 ? expected(0, -1) : unsupported)
    assert.deepEqual(await listed(name, -5, version), version >= 9 ? none : unsupported)
    assert.deepEqual(await listed(name, -6, version), unsupported)
  }
})

test('times are found within batches, compressed or not, and those of the broker by its own', async () => {
  for (const codec of [undefined, 1, 2, 3, 4] as const) {
    for (const timestampType of ['create', 'append'] as const) {
      const name = `T${++count}`
      await own.streams.create(name, { timestampType })
      const builder = new RecordBatchBuilder()
      for (const timestamp of [100, 300, 200]) builder.add(timestamp, 'k', 'v')
      const batch = builder.take()
      const records = codec === undefined ? batch : compressed(batch, codec)
      const topics = [{ name, partitions: [{ index: 0, records }] }]
      await peer.ask(produceApi, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topics })
      const at = async (timestamp: number): Promise<number> => (await listed(name, timestamp)).offset!
      const expected = timestampType === 'create' ? [0, 1, 1, 1, -1] : [0, 0, 0, 0, 0]
      assert.deepEqual([await at(50), await at(150), await at(201), await at(-3), await at(301)], expected)
    }
  }
})

test('an empty partition has ends and no records', async () => {
  const name = await published([])
  assert.deepEqual([(await listed(name, -1)).offset, (await listed(name, -2)).offset], [0, 0])
  assert.deepEqual([(await listed(name, -3)).offset, (await listed(name, 5)).offset], [-1, -1])
})

test('what has no offsets has its own error', async () => {
  const name = await published([10])
  assert.equal((await listed('no-such', -1)).errorCode, kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal((await listed(name, -1, 10, 0)).errorCode, kafkaErrors.FENCED_LEADER_EPOCH)
  assert.equal((await listed(name, -1, 10, 9)).errorCode, kafkaErrors.UNKNOWN_LEADER_EPOCH)
  const twice = [0, 0].map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp: -1 }))
  const request = { replicaId: -1, isolationLevel: 0, topics: [{ name, partitions: twice }], timeoutMs: 0 }
  const { topics } = await peer.ask(listOffsetsApi, 5, request)
  const codes = topics[0]!.partitions.map(({ errorCode }) => errorCode)
  assert.deepEqual(codes, [0, kafkaErrors.INVALID_REQUEST])
})

test('the end of an epoch is where the next one begins', async () => {
  const name = await published([10, 10, 10])
  const ask = async (leaderEpoch: number, currentLeaderEpoch = -1): Promise<object> => {
    const topics = [{ name, partitions: [{ partition: 0, currentLeaderEpoch, leaderEpoch }] }]
    const answer = await peer.ask(offsetForLeaderEpochApi, 4, { replicaId: -1, topics })
    return answer.topics[0]!.partitions[0]!
  }
  const answer = (leaderEpoch: number, endOffset: number, errorCode = 0): object => {
    return { errorCode, partition: 0, leaderEpoch, endOffset }
  }
  assert.deepEqual(await ask(1), answer(1, 3))
  assert.deepEqual(await ask(0), answer(0, 0), 'none of it is there')
  assert.deepEqual(await ask(2), answer(-1, -1), 'there has been none')
  assert.deepEqual(await ask(1, 0), answer(-1, -1, kafkaErrors.FENCED_LEADER_EPOCH))
  assert.deepEqual(await ask(1, 2), answer(-1, -1, kafkaErrors.UNKNOWN_LEADER_EPOCH))
})

test('epochs of earlier starts end where the next one has begun to write', async (t) => {
  const io = { ...realIo(), files: memoryFiles() }
  const epochs: number[][] = []
  for (const records of [3, 0, 5, 1]) {
    const life = await Broker.start({ dataDir: '/data', io, kafka: { port: 0 } })
    const client = await life.connect()
    await client.streams.create('E', {})
    for (let at = 0; at < records; at++) await client.publish('E', 'a', 'x')
    const asking = await KafkaPeer.open(life.kafkaAddresses[0]!.port)
    t.after(() => asking.destroy())
    const ends: number[] = []
    for (let leaderEpoch = 1; leaderEpoch <= 5; leaderEpoch++) {
      const partitions = [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch }]
      const request = { replicaId: -1, topics: [{ name: 'E', partitions }] }
      const { topics } = await asking.ask(offsetForLeaderEpochApi, 3, request)
      const [answer] = topics[0]!.partitions
      ends.push(answer!.leaderEpoch!, answer!.endOffset!)
    }
    epochs.push(ends)
    await client.close()
    await life.close()
  }
  // Epoch and end for each of 1 to 5; the second start wrote nothing, so its epoch reads as the first.
  assert.deepEqual(epochs, [
    [1, 3, -1, -1, -1, -1, -1, -1, -1, -1],
    [1, 3, 2, 3, -1, -1, -1, -1, -1, -1],
    [1, 3, 1, 3, 3, 8, -1, -1, -1, -1],
    [1, 3, 1, 3, 3, 8, 4, 9, -1, -1],
  ])
})

// ── Topics ─────────────────────────────────────────────────────────────────────────────────────────────────

test('metadata has every topic, or those that are asked for, at every version', async () => {
  const name = await published([], 3)
  const topicId = await topicIdOf(name)
  for (let version = 0; version <= 13; version++) {
    const asked = await metadataOf(version, { topics: [{ name, topicId: zeroUuid }] })
    assert.deepEqual(
      asked.brokers.map(({ nodeId, host, port: at }) => [nodeId, host, at]),
      [[0, '127.0.0.1', port]],
    )
    const [topic] = asked.topics
    assert.deepEqual(
      [asked.topics.length, topic!.name, topic!.errorCode, topic!.partitions.length],
      [1, name, 0, 3],
    )
    const { leaderId, leaderEpoch, isrNodes } = topic!.partitions[2]!
    assert.deepEqual([leaderId, leaderEpoch, isrNodes], [0, version >= 7 ? 1 : -1, [0]])
    assert.equal(topic!.topicId, version >= 10 ? topicId : zeroUuid)
    const all = await metadataOf(version, { topics: version === 0 ? [] : null })
    assert.ok(all.topics.length >= 1 && all.topics.some((each) => each.name === name))
    if (version > 0) assert.equal((await metadataOf(version, { topics: [] })).topics.length, 0)
  }
})

test('a topic is found by its id from version 12 on, and not by any other', async () => {
  const name = await published([])
  const topicId = await topicIdOf(name)
  const byId = async (version: number, id: string): Promise<(string | number | null)[]> => {
    const [topic] = (await metadataOf(version, { topics: [{ name: null, topicId: id }] })).topics
    return [topic!.name, topic!.errorCode]
  }
  assert.deepEqual(await byId(12, topicId), [name, 0])
  assert.deepEqual(await byId(12, 'e'.repeat(32)), [null, kafkaErrors.UNKNOWN_TOPIC_ID])
  assert.deepEqual(await byId(12, zeroUuid), [null, kafkaErrors.INVALID_REQUEST])
})

test('a topic that is asked for is made where that is allowed; a name that is none is refused', async () => {
  const ask = async (name: string, allowAutoTopicCreation: boolean): Promise<number> => {
    const topics = [{ name, topicId: zeroUuid }]
    return (await metadataOf(9, { topics, allowAutoTopicCreation })).topics[0]!.errorCode
  }
  assert.equal(await ask('made-on-demand', false), kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await ask('made-on-demand', true), 0)
  assert.equal((await own.streams.get('made-on-demand')).partitions.length, 1)
  for (const name of ['', '.', '..', 'a b', 'ä', 'x'.repeat(250)])
    assert.equal(await ask(name, true), kafkaErrors.INVALID_TOPIC_EXCEPTION, name)
})

test('for a client that has left no more topics are made', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-left-'))
  const own = await Broker.start({ dataDir, kafka: { port: 0 } })
  const client = await own.connect()
  const count = 3000
  const asking = await KafkaPeer.open(own.kafkaAddresses[0]!.port)
  const request = {
    topics: Array.from({ length: count }, (_, index) => ({ name: `t${index}`, topicId: zeroUuid })),
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  }
  asking.send(requestOf(metadataApi, { version: 4, correlation: 1 }, request))
  const made = async (): Promise<number> => (await client.streams.list()).length
  while ((await made()) === 0) await sleep(1)
  asking.destroy()
  let [before, now] = [-1, await made()]
  while (now !== before) {
    await sleep(100)
    ;[before, now] = [now, await made()]
  }
  assert.ok(now < count, `${now} topics`)
  await client.close()
  await own.close()
  await rm(dataDir, { recursive: true })
})

test('where topics are not made on demand, they are unknown', async () => {
  const strict = await Broker.start({
    memory: true,
    kafka: { port: 0 },
    limits: { autoCreateTopics: 'off' },
  })
  const asking = await KafkaPeer.open(strict.kafkaAddresses[0]!.port)
  const { topics } = await asking.ask(metadataApi, 4, {
    topics: [{ name: 'x', topicId: zeroUuid }],
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  assert.equal(topics[0]!.errorCode, kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION)
  asking.destroy()
  await strict.close()
})
