// Every configuration of a topic that acts, set by a Kafka client, and what a Kafka client sees of it.

import assert from 'node:assert/strict'
import { readdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createTopicsApi } from '@sluice/protocol/kafka/generated/create-topics'
import { fetchApi } from '@sluice/protocol/kafka/generated/fetch'
import { incrementalAlterConfigsApi } from '@sluice/protocol/kafka/generated/incremental-alter-configs'
import { listOffsetsApi } from '@sluice/protocol/kafka/generated/list-offsets'
import { produceApi } from '@sluice/protocol/kafka/generated/produce'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { Broker } from '../../broker.ts'
import { fetchRequest } from './fetch-request.contract.ts'
import { kafkaErrors } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

let root: string
let broker: Broker
let peer: KafkaPeer
let count = 0

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-configs-'))
  broker = await Broker.start({
    dataDir: root,
    kafka: { port: 0 },
    limits: { retentionCheckMs: 100, compactionCheckMs: 100 },
  })
  peer = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
})

after(async () => {
  peer.destroy()
  await broker.close()
  await rm(root, { recursive: true })
})

type Configs = Readonly<Record<string, string>>

/** Segments of about ten records where nothing else is said. */
async function topicWith(configs: Configs): Promise<string> {
  const name = `T${++count}`
  const said = Object.entries({ 'segment.bytes': '1024', ...configs })
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [] }
  const topics = [{ ...topic, configs: said.map(([each, value]) => ({ name: each, value })) }]
  const answer = await peer.ask(createTopicsApi, 7, { topics, timeoutMs: 1000, validateOnly: false })
  assert.equal(answer.topics[0]!.errorCode, 0, answer.topics[0]!.errorMessage ?? '')
  return name
}

async function alter(resourceName: string, name: string, value: string): Promise<void> {
  const resources = [{ resourceType: 2, resourceName, configs: [{ name, configOperation: 0, value }] }]
  const answer = await peer.ask(incrementalAlterConfigsApi, 1, { resources, validateOnly: false })
  assert.equal(answer.responses[0]!.errorCode, 0)
}

async function produce(
  name: string,
  key: string,
  value: string | null,
  timestampMs: number = Date.now(),
): Promise<number> {
  const builder = new RecordBatchBuilder()
  builder.add(timestampMs, key, value)
  const topics = [{ name, partitions: [{ index: 0, records: builder.take() }] }]
  const request = { transactionalId: null, acks: -1, timeoutMs: 1000, topics }
  return (await peer.ask(produceApi, 9, request)).topics[0]!.partitions[0]!.errorCode
}

/** Thirty records with three keys. */
async function fill(name: string, timestampMs?: number): Promise<void> {
  for (let index = 0; index < 30; index++) {
    assert.equal(await produce(name, `k${index % 3}`, `${index}`.padEnd(25, '.'), timestampMs), 0)
  }
}

async function earliestOf(name: string): Promise<number> {
  const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -2 }]
  const request = { replicaId: -1, isolationLevel: 0, topics: [{ name, partitions }], timeoutMs: 1000 }
  return (await peer.ask(listOffsetsApi, 7, request)).topics[0]!.partitions[0]!.offset!
}

interface Kept {
  readonly offset: number
  readonly key: string | null
  readonly isRemoval: boolean
  readonly timestampMs: number
}

async function kept(name: string): Promise<Kept[]> {
  const records: Kept[] = []
  for (let offset = await earliestOf(name); ;) {
    const request = fetchRequest({ name, offset, minBytes: 0, bytesMax: 100_000 })
    const { topics } = await peer.ask(fetchApi, 11, request)
    const bytes = topics[0]!.partitions[0]!.records as Uint8Array
    if (bytes.length === 0) return records
    for (let at = 0; at < bytes.length; at += batchSizeOf(bytes, at)) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at)
      for (const record of decodeRecords(bytes, at)) {
        const { subject: key, data, timestamp: timestampMs } = record
        records.push({ offset: record.offset, key, isRemoval: data === null, timestampMs })
      }
      offset = Number(view.getBigInt64(0)) + view.getInt32(23) + 1
    }
  }
}

/** Until it is so, or the test has waited for too long. */
async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let round = 0; !(await isSo()); round++) {
    assert.ok(round < 1000, what)
    await pause(10)
  }
}

/** How many records there are, when that does not change any more. */
async function settled(name: string): Promise<number> {
  for (let last = -1; ;) {
    const { length } = await kept(name)
    if (length === last) return length
    last = length
    await pause(400)
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs)
  })
}

/** The files of the topic that was made last: a client cannot tell. */
async function segments(): Promise<number> {
  const files = await readdir(join(root, 'streams', String(count), '0'))
  return files.filter((file) => file.endsWith('.log')).length
}

const isThinned = async (name: string): Promise<boolean> => (await kept(name)).length < 30

test('segment.bytes ends a segment by its size', async () => {
  const name = await topicWith({ 'segment.bytes': '2048' })
  await fill(name)
  const large = await segments()
  const other = await topicWith({ 'segment.bytes': '1024' })
  await fill(other)
  assert.ok((await segments()) > large)
})

test('segment.ms ends a segment by its age', async () => {
  const name = await topicWith({ 'segment.ms': '1' })
  assert.equal(await produce(name, 'k', 'v'), 0)
  await pause(20)
  assert.equal(await produce(name, 'k', 'v'), 0)
  assert.equal(await segments(), 2)
})

test('retention.ms lets old records go, and an alteration at once', async () => {
  const name = await topicWith({})
  await fill(name, Date.now() - 100_000)
  assert.equal(await earliestOf(name), 0)
  await alter(name, 'retention.ms', '1000000')
  assert.equal(await earliestOf(name), 0)
  await alter(name, 'retention.ms', '50000')
  assert.ok((await earliestOf(name)) >= 20)
})

test('retention.bytes lets the oldest records go', async () => {
  const name = await topicWith({ 'retention.bytes': '1500' })
  await fill(name)
  await eventually('the oldest go', async () => (await earliestOf(name)) > 0)
  assert.ok((await kept(name)).length >= 10)
})

test('cleanup.policy compact keeps the newest of each key, and deletes nothing by age', async () => {
  const name = await topicWith({
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0',
    'retention.ms': '1',
  })
  await fill(name, Date.now() - 100_000)
  await eventually('older ones go', () => isThinned(name))
  assert.deepEqual(new Set((await kept(name)).map(({ key }) => key)), new Set(['k0', 'k1', 'k2']))
})

test('cleanup.policy compact,delete does both', async () => {
  const name = await topicWith({ 'cleanup.policy': 'compact,delete', 'min.cleanable.dirty.ratio': '0' })
  await fill(name, Date.now() - 100_000)
  await eventually('older ones go', () => isThinned(name))
  assert.equal((await kept(name)).at(-1)!.offset, 29)
  await alter(name, 'retention.ms', '50000')
  await eventually('old ones go', async () => (await earliestOf(name)) >= 20)
})

test('delete.retention.ms says how long a removal stays', async () => {
  const shortly = await topicWith({
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0',
    'delete.retention.ms': '0',
  })
  const long = await topicWith({ 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0' })
  for (const name of [shortly, long]) {
    assert.equal(await produce(name, 'gone', null), 0)
    await fill(name)
  }
  await eventually('older ones go', () => isThinned(long))
  const removals = async (name: string): Promise<number> =>
    (await kept(name)).filter(({ isRemoval }) => isRemoval).length
  await eventually('the removal goes', async () => {
    // Another pass comes with something to do.
    await fill(shortly)
    return (await removals(shortly)) === 0
  })
  assert.equal(await removals(long), 1)
})

test('min.cleanable.dirty.ratio says how much must have come', async () => {
  const name = await topicWith({ 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.9999' })
  await fill(name)
  await eventually('all of it is new, so it is compacted once', () => isThinned(name))
  const before = await settled(name)
  for (let index = 0; index < 15; index++) await produce(name, 'k0', 'x'.repeat(25))
  await pause(400)
  assert.equal((await kept(name)).length, before + 15)
  await alter(name, 'min.cleanable.dirty.ratio', '0')
  await eventually('less is enough', async () => (await kept(name)).length < before + 15)
})

test('min.compaction.lag.ms keeps what is young', async () => {
  const name = await topicWith({
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0',
    'min.compaction.lag.ms': '1000000',
  })
  await fill(name)
  await pause(400)
  assert.equal(await isThinned(name), false)
  await alter(name, 'min.compaction.lag.ms', '0')
  await eventually('nothing is too young', () => isThinned(name))
})

test('max.compaction.lag.ms compacts what is old, however little, the active segment too', async () => {
  const name = await topicWith({
    'cleanup.policy': 'compact',
    'segment.bytes': '1000000',
    'min.cleanable.dirty.ratio': '1',
  })
  await fill(name)
  await pause(400)
  assert.equal(await isThinned(name), false)
  await alter(name, 'max.compaction.lag.ms', '1')
  await eventually('it is too old', () => isThinned(name))
})

test('max.message.bytes bounds a batch', async () => {
  const name = await topicWith({ 'max.message.bytes': '200' })
  assert.equal(await produce(name, 'k', 'x'.repeat(50)), kafkaErrors.NONE)
  assert.equal(await produce(name, 'k', 'x'.repeat(200)), kafkaErrors.MESSAGE_TOO_LARGE)
  await alter(name, 'max.message.bytes', '1000')
  assert.equal(await produce(name, 'k', 'x'.repeat(200)), kafkaErrors.NONE)
})

test('message.timestamp.before.max.ms and after.max.ms bound the times of records', async () => {
  const name = await topicWith({
    'message.timestamp.before.max.ms': '60000',
    'message.timestamp.after.max.ms': '30000',
  })
  const at = (offsetMs: number): Promise<number> => produce(name, 'k', 'v', Date.now() + offsetMs)
  assert.equal(await at(-50_000), kafkaErrors.NONE)
  assert.equal(await at(20_000), kafkaErrors.NONE)
  assert.equal(await at(-70_000), kafkaErrors.INVALID_TIMESTAMP)
  assert.equal(await at(40_000), kafkaErrors.INVALID_TIMESTAMP)
  await alter(name, 'message.timestamp.before.max.ms', '9223372036854775807')
  assert.equal(await at(-70_000), kafkaErrors.NONE)
})

test('message.timestamp.type LogAppendTime gives records the time of the broker', async () => {
  const name = await topicWith({ 'message.timestamp.type': 'CreateTime' })
  await produce(name, 'k', 'v', 1000)
  await alter(name, 'message.timestamp.type', 'LogAppendTime')
  await produce(name, 'k', 'v', 1000)
  const [own, ours] = (await kept(name)).map(({ timestampMs }) => timestampMs)
  assert.equal(own, 1000)
  assert.ok(ours! > 1_000_000)
})

test('a topic that is compacted takes no record without a key, from the alteration on', async () => {
  const name = await topicWith({})
  const builder = new RecordBatchBuilder()
  const keyless = (): Uint8Array => {
    builder.add(Date.now(), null, 'v')
    return builder.take()
  }
  const ask = async (): Promise<number> => {
    const topics = [{ name, partitions: [{ index: 0, records: keyless() }] }]
    const answer = await peer.ask(produceApi, 9, { transactionalId: null, acks: 1, timeoutMs: 1, topics })
    return answer.topics[0]!.partitions[0]!.errorCode
  }
  assert.equal(await ask(), kafkaErrors.NONE)
  await alter(name, 'cleanup.policy', 'compact')
  assert.equal(await ask(), kafkaErrors.INVALID_RECORD)
})
