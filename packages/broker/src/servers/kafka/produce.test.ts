// Produce, InitProducerId and DescribeProducers over real sockets, byte by byte: every answer they can give,
// and what the other door sees of it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestOf } from '@sluice/protocol/kafka/client-frames'
import { describeProducersApi } from '@sluice/protocol/kafka/generated/describe-producers'
import { fetchApi } from '@sluice/protocol/kafka/generated/fetch'
import { initProducerIdApi } from '@sluice/protocol/kafka/generated/init-producer-id'
import { zeroUuid } from '@sluice/protocol/kafka/kafka-fields'
import { produceApi } from '@sluice/protocol/kafka/generated/produce'
import type { ProduceResponseTopicPartition } from '@sluice/protocol/kafka/generated/produce'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import { compressed, resealed } from '@sluice/protocol/record/compression/compressed-batches.contract'
import { codecNames, recompressBatch, zstdCodec } from '@sluice/protocol/record/compression/codecs'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import {
  baseSequenceOf,
  batchSizeOf,
  compressionOf,
  isChecksumRight,
  producerIdOf,
} from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import type { Client } from '@sluice/client'
import type { Logger } from '../../base/logger.ts'
import { Broker } from '../../broker.ts'
import { kafkaErrors } from './kafka-errors.ts'
import type { KafkaErrorName } from './kafka-errors.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

const warnings: { reason?: string }[] = []
const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (fields) => void warnings.push(fields),
  error: (fields) => assert.fail(JSON.stringify(fields)),
}
let broker: Broker
let client: Client
let peer: KafkaPeer
let streams = 0

before(async () => {
  broker = await Broker.start({ memory: true, kafka: { port: 0 }, logger })
  client = await broker.connect()
  peer = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
})

after(async () => {
  peer.destroy()
  await client.close()
  await broker.close()
})

async function newStream(config: Partial<StreamConfig> = {}): Promise<string> {
  const name = `topic-${++streams}`
  await client.streams.create(name, config)
  return name
}

type Row = readonly [key: string | null, value: string | null, timestampMs?: number]

function batchOf(...rows: Row[]): Uint8Array {
  const builder = new RecordBatchBuilder()
  for (const [key, value, timestampMs] of rows) builder.add(timestampMs ?? Date.now(), key, value)
  return builder.take()
}

/** Changes the header of a batch and makes its checksum right again. */
function changed(batch: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = Uint8Array.from(batch)
  change(new DataView(copy.buffer))
  return resealed(copy)
}

function ofProducer(id: number, epoch: number, sequence: number, batch = batchOf(['k', 'v'])): Uint8Array {
  return changed(batch, (view) => {
    view.setBigInt64(43, BigInt(id))
    view.setInt16(51, epoch)
    view.setInt32(53, sequence)
  })
}

interface Manner {
  readonly acks?: number
  readonly version?: number
  readonly transactionalId?: string | null
  readonly index?: number
}

async function produce(
  name: string,
  records: Uint8Array | null,
  { acks = -1, version = 11, transactionalId = null, index = 0 }: Manner = {},
): Promise<ProduceResponseTopicPartition> {
  const topics = [{ name, partitions: [{ index, records }] }]
  const answer = await peer.ask(produceApi, version, { transactionalId, acks, timeoutMs: 1000, topics })
  assert.equal(answer.topics[0]!.name, name)
  return answer.topics[0]!.partitions[0]!
}

/** All batches of a topic, as they are kept. */
async function fetchedBatches(name: string): Promise<Uint8Array[]> {
  const wanted = { partition: 0, currentLeaderEpoch: -1, lastFetchedEpoch: -1, logStartOffset: -1 }
  const none = { topicId: zeroUuid, replicaDirectoryId: zeroUuid }
  const { topics } = await peer.ask(fetchApi, 11, {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [
      { name, ...none, partitions: [{ ...wanted, ...none, fetchOffset: 0, partitionMaxBytes: 1_000_000 }] },
    ],
    forgottenTopics: [],
    rackId: '',
    clusterId: null,
  })
  const bytes = topics[0]!.partitions[0]!.records as Uint8Array
  const batches: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += batchSizeOf(bytes, at)) {
    batches.push(bytes.slice(at, at + batchSizeOf(bytes, at)))
  }
  return batches
}

async function expectRefused(
  error: KafkaErrorName,
  name: string,
  records: Uint8Array | null,
  manner: Manner = {},
): Promise<ProduceResponseTopicPartition> {
  const answer = await produce(name, records, manner)
  const found = Object.entries(kafkaErrors).find(([, number]) => number === answer.errorCode)?.[0]
  assert.deepEqual([found, answer.baseOffset], [error, -1], answer.errorMessage ?? '')
  return answer
}

test('at every version, a batch is appended and its place told', async () => {
  const name = await newStream()
  for (let version = 3; version <= 11; version++) {
    const answer = await produce(name, batchOf(['a.b', 'one'], [null, null], ['', 'no subject']), { version })
    assert.deepEqual([answer.errorCode, answer.baseOffset], [0, (version - 3) * 3])
    assert.equal(answer.logAppendTimeMs, -1)
    if (version >= 5) assert.equal(answer.logStartOffset, 0)
  }
})

for (const codec of [1, 2, 3, 4] as const) {
  test(`a batch in ${codecNames[codec]} is kept as it came; all who read records read it`, async () => {
    const name = await newStream()
    const batch = compressed(batchOf(['a.1', 'x'.repeat(500)], ['b.1', 'two'], ['a.2', 'three']), codec)
    assert.equal((await produce(name, batch)).baseOffset, 0)
    assert.equal((await produce(name, batchOf(['b.2', 'four']))).baseOffset, 3)

    const consumer = await client.consumers.create(name, { name: 'c', rules: [{ match: '*.>', limit: 1 }] })
    const messages = await consumer.fetch(4, { timeoutMs: 2000 })
    const seen = messages.map(({ subject, offset, data }) => [subject, offset, data?.toString().length])
    assert.deepEqual(seen, [
      ['a.1', 0, 500],
      ['b.1', 1, 3],
      ['a.2', 2, 5],
      ['b.2', 3, 4],
    ])
    for (const message of messages) await message.ack()
    await consumer.close()

    const last = await client.consumers.create(name, {
      name: 'l',
      filter: ['a.>'],
      deliverFrom: 'last-per-subject',
    })
    assert.equal((await last.fetch(2, { timeoutMs: 2000 })).length, 2)
    await last.close()

    assert.deepEqual(await subjectsOf(name), ['a.1', 'b.1', 'a.2', 'b.2'])
    assert.equal(await client.streams.deleteMessages(name, [{ partition: 0, offset: 1 }]), 1)
    assert.deepEqual(await subjectsOf(name), ['a.1', 'a.2', 'b.2'])
    assert.equal(await client.streams.purge(name, { match: 'a.>' }), 2)
    assert.deepEqual(await subjectsOf(name), ['b.2'])
  })
}

test('records whose keys are no subjects are delivered, become dead letters, and are replayed', async () => {
  const name = await newStream()
  await produce(name, compressed(batchOf([null, 'none'], ['..', 'dots'], ['a b', 'blank']), 1))
  const rules = [{ match: '>', limit: 1 }]
  const consumer = await client.consumers.create(name, { name: 'c', rules })
  const first = await consumer.fetch(3, { timeoutMs: 2000 })
  assert.deepEqual(
    first.map(({ data }) => data!.toString()),
    ['none', 'dots', 'blank'],
  )
  for (const message of first) await message.reject('not mine')
  assert.equal(await consumer.deadLetters.replay({ match: '>' }), 3)
  const again = await consumer.fetch(3, { timeoutMs: 2000 })
  assert.deepEqual(
    again.map(({ subject, data, offset }) => [subject, data!.toString(), offset]),
    [
      ['', 'none', 3],
      ['..', 'dots', 4],
      ['a b', 'blank', 5],
    ],
  )
  for (const message of again) await message.ack()
  await consumer.close()
})

async function subjectsOf(name: string): Promise<string[]> {
  const subjects: string[] = []
  for await (const { records } of client.log(name).read({ from: 'first', follow: false })) {
    subjects.push(...records.map(({ subject }) => subject))
  }
  return subjects
}

test('what is no batch, or none that a client may send, is refused with Kafka’s error', async () => {
  const name = await newStream({ messageBytesMax: 1000 })
  const good = batchOf(['a', 'b'])
  const cases: [KafkaErrorName, Uint8Array | null, Manner?][] = [
    ['INVALID_RECORD', null],
    ['INVALID_RECORD', new Uint8Array(0)],
    ['INVALID_RECORD', good.subarray(0, 40)],
    ['INVALID_RECORD', good.subarray(0, good.length - 1)],
    ['INVALID_RECORD', Buffer.concat([good, good])],
    ['INVALID_RECORD', Buffer.concat([good, Buffer.from([0])])],
    ['INVALID_RECORD', changed(good, (view) => view.setInt8(16, 1))],
    ['INVALID_RECORD', changed(good, (view) => view.setInt8(16, 0))],
    ['CORRUPT_MESSAGE', changed(good, (view) => view.setInt8(16, 3))],
    ['CORRUPT_MESSAGE', lengthOf(good, 5)],
    ['CORRUPT_MESSAGE', lengthOf(good, -1)],
    ['CORRUPT_MESSAGE', lengthOf(good, 30)],
    ['CORRUPT_MESSAGE', Uint8Array.from(good, (byte, at) => (at === good.length - 1 ? byte ^ 1 : byte))],
    ['MESSAGE_TOO_LARGE', batchOf(['a', 'x'.repeat(1000)])],
    ['INVALID_RECORD', changed(good, (view) => view.setBigInt64(0, 5n))],
    ['INVALID_RECORD', changed(good, (view) => view.setInt32(57, 2))],
    ['INVALID_RECORD', changed(good, (view) => view.setInt32(57, 0))],
    ['INVALID_RECORD', changed(good, (view) => view.setInt32(57, -1))],
    ['INVALID_RECORD', changed(good, (view) => view.setInt32(23, 1))],
    ['INVALID_RECORD', changed(good, (view) => view.setInt16(21, 0x20))],
    ['INVALID_RECORD', changed(good, (view) => view.setInt16(21, 0x40))],
    ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', changed(good, (view) => view.setInt16(21, 0x10))],
    ['UNSUPPORTED_COMPRESSION_TYPE', changed(good, (view) => view.setInt16(21, 5))],
    ['UNSUPPORTED_COMPRESSION_TYPE', compressed(good, 4), { version: 6 }],
    ['CORRUPT_MESSAGE', changed(good, (view) => view.setInt16(21, 1))],
    ['INVALID_TIMESTAMP', changed(good, (view) => view.setInt16(21, 0x08))],
    ['INVALID_RECORD', ofProducer(-2, 0, 0)],
    ['INVALID_RECORD', ofProducer(5, -1, 0)],
    ['INVALID_RECORD', ofProducer(5, 0, -1)],
    ['INVALID_RECORD', changed(good, (view) => view.setInt8(good.length - 1, 9))],
    ['INVALID_TIMESTAMP', batchOf(['a', 'b', -2])],
  ]
  for (const [error, records, manner] of cases) await expectRefused(error, name, records, manner)
  const bomb = compressed(batchOf(['a', 'x'.repeat(16 * 1024 * 1024)]), 4)
  await client.streams.alter(name, { messageBytesMax: 1024 * 1024 })
  await expectRefused('MESSAGE_TOO_LARGE', name, bomb)
  assert.equal((await client.streams.get(name)).partitions[0]!.highWatermark, 0, 'nothing was appended')
  assert.equal((await produce(name, compressed(good, 4), { version: 7 })).errorCode, 0)
})

function lengthOf(batch: Uint8Array, length: number): Uint8Array {
  const copy = Uint8Array.from(batch)
  new DataView(copy.buffer).setInt32(8, length)
  return copy
}

test('what is asked in a wrong way is refused, each partition for itself', async () => {
  const name = await newStream({ partitions: 2, minInsyncReplicas: 1 })
  const good = batchOf(['a', 'b'])
  await expectRefused('UNKNOWN_TOPIC_OR_PARTITION', 'nowhere', good)
  await expectRefused('UNKNOWN_TOPIC_OR_PARTITION', name, good, { index: 2 })
  await expectRefused('UNKNOWN_TOPIC_OR_PARTITION', name, good, { index: -1 })
  await expectRefused('INVALID_REQUIRED_ACKS', name, good, { acks: 2 })
  await expectRefused('TRANSACTIONAL_ID_AUTHORIZATION_FAILED', name, good, { transactionalId: 't' })
  const answer = await peer.ask(produceApi, 9, {
    transactionalId: null,
    acks: 1,
    timeoutMs: 0,
    topics: [
      {
        name,
        partitions: [
          { index: 1, records: good },
          { index: 0, records: good.subarray(0, 30) },
          { index: 1, records: good },
        ],
      },
      { name: 'nowhere', partitions: [{ index: 0, records: good }] },
    ],
  })
  const codes = answer.topics.map(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
  assert.deepEqual(codes, [[0, kafkaErrors.INVALID_RECORD, 0], [kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION]])
  assert.deepEqual(
    answer.topics[0]!.partitions.map(({ baseOffset }) => baseOffset),
    [0, -1, 1],
  )
  const deleted = await newStream()
  await client.streams.delete(deleted)
  await expectRefused('UNKNOWN_TOPIC_OR_PARTITION', deleted, good)
})

test('keys that the stream does not take are named, record by record', async () => {
  const name = await newStream({ subjects: ['orders.>'] })
  assert.equal((await produce(name, batchOf(['orders.1', 'v']))).errorCode, 0)
  const batch = batchOf(
    ['orders.1', 'v'],
    [null, 'v'],
    ['other.1', 'v'],
    ['orders.2', 'v'],
    ['orders..', 'v'],
  )
  for (const records of [batch, compressed(batch, 2)]) {
    const { recordErrors, errorMessage } = await expectRefused('INVALID_RECORD', name, records)
    assert.deepEqual(
      recordErrors.map(({ batchIndex }) => batchIndex),
      [1, 2, 4],
    )
    assert.match(errorMessage ?? '', /subjects/)
  }
  assert.deepEqual((await expectRefused('INVALID_RECORD', name, batch, { version: 7 })).recordErrors, [])
  const compacted = await newStream({ cleanupPolicy: 'compact' })
  const { recordErrors } = await expectRefused('INVALID_RECORD', compacted, batchOf(['k', 'v'], [null, 'v']))
  assert.match(
    recordErrors[0]!.batchIndexErrorMessage ?? '',
    /^Compacted topic cannot accept message without key/,
  )
  assert.equal(recordErrors[0]!.batchIndex, 1)
  assert.equal((await produce(compacted, batchOf(['k', null]))).errorCode, 0)
})

test('times beyond the bounds of the stream are refused', async () => {
  const name = await newStream({ timestampBeforeMaxMs: 60_000, timestampAfterMaxMs: 30_000 })
  const now = Date.now()
  const { recordErrors } = await expectRefused(
    'INVALID_TIMESTAMP',
    name,
    batchOf(['a', 'v', now], ['b', 'v', now - 120_000], ['c', 'v', now + 90_000]),
  )
  assert.deepEqual(
    recordErrors.map(({ batchIndex }) => batchIndex),
    [1, 2],
  )
  assert.equal(
    (await produce(name, batchOf(['a', 'v', now - 30_000], ['b', 'v', now + 10_000]))).errorCode,
    0,
  )
  assert.equal((await produce(name, batchOf(['a', 'v', -1]))).errorCode, 0, 'no time at all')
})

test('where the broker’s time counts, it is that of all records, whatever they say', async () => {
  const name = await newStream({ timestampType: 'append', timestampAfterMaxMs: 1000 })
  for (const batch of [
    batchOf(['a', 'v', 5], ['b', 'v', 9]),
    compressed(batchOf(['a', 'v', 5], ['b', 'v', 9]), 3),
  ]) {
    const beforeMs = Date.now()
    const { errorCode, logAppendTimeMs } = await produce(name, batch)
    assert.ok(errorCode === 0 && logAppendTimeMs! >= beforeMs && logAppendTimeMs! <= Date.now())
    for await (const { records } of client.log(name).read({ from: 'last', follow: false })) {
      assert.deepEqual([...new Set(records.map(({ timestamp }) => timestamp))], [logAppendTimeMs])
    }
  }
})

for (const compressionType of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
  test(`a stream of compression ${compressionType} keeps every batch so, and what it says`, async () => {
    const name = await newStream({ compressionType })
    const text = 'which comes again and again, '.repeat(20)
    const rows: Row[] = [
      ['a', text, 3000],
      [null, null, 5000],
      ['b', text, 4000],
    ]
    const plain = batchOf(...rows)
    const sent = [plain, ...([1, 2, 3, 4] as const).map((codec) => compressed(plain, codec))]
    for (const [at, batch] of sent.entries()) {
      const ours = ofProducer(5, 0, at * rows.length, batch)
      const { errorCode, baseOffset } = await produce(name, ours)
      assert.deepEqual([errorCode, baseOffset], [0, at * rows.length])
      assert.equal((await produce(name, ours)).baseOffset, baseOffset, 'again: the same place')
    }
    const kept = await fetchedBatches(name)
    assert.deepEqual(
      kept.map((batch) => codecNames[compressionOf(batch, 0)]),
      sent.map(() => compressionType),
    )
    for (const [at, batch] of kept.entries()) {
      assert.ok(isChecksumRight(batch, 0))
      assert.deepEqual([producerIdOf(batch, 0), baseSequenceOf(batch, 0)], [5, at * rows.length])
      const records = decodeRecords(batch, 0).map(({ timestamp, subject, data }) => {
        return [subject, data === null ? null : Buffer.from(data).toString(), timestamp]
      })
      assert.deepEqual(records, rows)
    }
  })
}

test('a batch that is too large in the compression of its stream is refused', async () => {
  const name = await newStream({ compressionType: 'none', messageBytesMax: 1000 })
  const batch = compressed(batchOf(['k', 'x'.repeat(2000)]), 4)
  assert.ok(batch.length < 1000)
  await expectRefused('MESSAGE_TOO_LARGE', name, batch)
  assert.equal((await produce(name, compressed(batchOf(['k', 'x'.repeat(500)]), 4))).errorCode, 0)
})

test('a header that names another latest time is made right', async () => {
  const name = await newStream()
  const batch = changed(batchOf(['a', 'v', 1000], ['b', 'v', 3000]), (view) => view.setBigInt64(35, 77n))
  assert.equal((await produce(name, batch)).errorCode, 0)
  const found = []
  for await (const { records } of client.log(name).read({ from: { time: 2000 }, follow: false }))
    found.push(...records)
  assert.deepEqual(
    found.map(({ offset }) => offset),
    [1],
  )
})

test('of batches that unpack to too much the rest is refused, and taken when it comes again', async () => {
  const name = await newStream()
  const zeros = new RecordBatchBuilder()
  zeros.add(Date.now(), 'k', new Uint8Array(14 * 1024 * 1024))
  const records = recompressBatch(zeros.take(), zstdCodec)
  const ask = (count: number): Promise<number[]> => {
    const partitions = Array.from({ length: count }, () => ({ index: 0, records }))
    const topics = [{ name, partitions }]
    return peer
      .ask(produceApi, 11, { transactionalId: null, acks: -1, timeoutMs: 1000, topics })
      .then((answer) => answer.topics[0]!.partitions.map(({ errorCode }) => errorCode))
  }
  const taken = Array.from({ length: 10 }, () => kafkaErrors.NONE)
  assert.deepEqual(await ask(10), taken)
  assert.deepEqual(await ask(12), [...taken, kafkaErrors.REQUEST_TIMED_OUT, kafkaErrors.REQUEST_TIMED_OUT])
  assert.deepEqual(await ask(2), [kafkaErrors.NONE, kafkaErrors.NONE])
})

test('who wants no answer gets none, and loses the connection when something is refused', async () => {
  const name = await newStream()
  const other = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
  const ask = (records: Uint8Array): Uint8Array =>
    requestOf(
      produceApi,
      { version: 9, correlation: 5 },
      {
        transactionalId: null,
        acks: 0,
        timeoutMs: 0,
        topics: [{ name, partitions: [{ index: 0, records }] }],
      },
    )
  other.send(ask(batchOf(['a', '1'])))
  other.send(ask(batchOf(['a', '2'])))
  const { producerId } = await other.ask(initProducerIdApi, 4, newProducer)
  assert.ok(producerId! >= 0)
  assert.deepEqual(other.answered.includes(5), false)
  assert.deepEqual(await subjectsOf(name), ['a', 'a'])
  const warned = warnings.length
  other.send(ask(batchOf(['a', '3']).subarray(0, 30)))
  await other.closed()
  assert.match(warnings.slice(warned).at(-1)?.reason ?? '', /without an answer is refused/)
})

const newProducer = { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }

test('producers get ids that nobody else has, and none for transactions', async () => {
  const ids = new Set<number>()
  for (let version = 0; version <= 5; version++) {
    const { errorCode, producerId, producerEpoch } = await peer.ask(initProducerIdApi, version, newProducer)
    assert.deepEqual([errorCode, producerEpoch], [0, 0])
    ids.add(producerId!)
  }
  assert.equal(ids.size, 6)
  const ask = async (request: Partial<typeof newProducer> | { transactionalId: string }): Promise<number> =>
    (await peer.ask(initProducerIdApi, 4, { ...newProducer, ...request })).errorCode
  assert.equal(await ask({ transactionalId: 'tx' }), kafkaErrors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
  assert.equal(await ask({ transactionalId: '' }), kafkaErrors.INVALID_REQUEST)
  assert.equal(await ask({ producerId: 3 }), kafkaErrors.INVALID_REQUEST)
  assert.equal(await ask({ producerEpoch: 3 }), kafkaErrors.INVALID_REQUEST)
  assert.equal(await ask({ producerId: 3, producerEpoch: 0 }), kafkaErrors.NONE)
})

test('what a producer sends again is stored once; gaps and earlier epochs are refused', async () => {
  const name = await newStream()
  const { producerId: id } = await peer.ask(initProducerIdApi, 4, newProducer)
  const send = async (epoch: number, sequence: number): Promise<number | string> => {
    const { errorCode, baseOffset } = await produce(name, ofProducer(id!, epoch, sequence))
    if (errorCode === 0) return baseOffset
    return Object.entries(kafkaErrors).find(([, number]) => number === errorCode)![0]
  }
  for (let sequence = 0; sequence < 7; sequence++) assert.equal(await send(0, sequence), sequence)
  assert.equal(await send(0, 2), 2, 'the fifth from the end')
  assert.equal(await send(0, 6), 6)
  assert.equal(await send(0, 1), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.equal(await send(0, 8), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.equal(await send(2, 5), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.equal(await send(2, 0), 7)
  assert.equal(await send(1, 1), 'INVALID_PRODUCER_EPOCH')
  assert.equal(await send(0, 6), 'INVALID_PRODUCER_EPOCH')
  assert.equal(await send(2, 1), 8)
  assert.equal((await subjectsOf(name)).length, 9)

  const unknown = await produce(name, ofProducer(999_999, 4, 17))
  assert.deepEqual([unknown.errorCode, unknown.baseOffset], [0, 9], 'nobody knows what it wrote before')
  const topics = [
    { name, partitionIndexes: [0, 1] },
    { name: 'nowhere', partitionIndexes: [0] },
  ]
  const described = await peer.ask(describeProducersApi, 0, { topics })
  const [here, missing] = described.topics[0]!.partitions
  assert.deepEqual(
    here!.activeProducers.map(({ producerId, producerEpoch, lastSequence, currentTxnStartOffset }) => {
      return [producerId, producerEpoch, lastSequence, currentTxnStartOffset]
    }),
    [
      [id, 2, 1, -1],
      [999_999, 4, 17, -1],
    ],
  )
  assert.ok(Date.now() - here!.activeProducers[0]!.lastTimestamp! < 10_000)
  assert.equal(missing!.errorCode, kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(described.topics[1]!.partitions[0]!.errorCode, kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION)
})

test('batches that are sent without waiting are appended in their order, and once', async () => {
  const name = await newStream()
  const { producerId: id } = await peer.ask(initProducerIdApi, 4, newProducer)
  const answers = await Promise.all(
    [0, 1, 2, 2, 3, 1, 4].map((sequence) => produce(name, ofProducer(id!, 0, sequence))),
  )
  assert.deepEqual(
    answers.map(({ errorCode, baseOffset }) => [errorCode, baseOffset]),
    [0, 1, 2, 2, 3, 1, 4].map((offset) => [0, offset]),
  )
})
