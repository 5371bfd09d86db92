// Any request that can be read at all is answered with something that can be read, at every version, and
// nothing that no handler foresaw comes of it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { messageValues, schemas } from '../../../../../tools/generate/kafka/message-values.contract.ts'
import type { FieldValues } from '../../../../../tools/generate/kafka/message-values.contract.ts'
import { silentLogger } from '../../base/logger.ts'
import { Broker } from '../../broker.ts'
import { kafkaHandlers } from './kafka-handlers.ts'
import { KafkaPeer } from './kafka-peer.contract.ts'

const zeroId = '0'.repeat(32)
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const unforeseen: unknown[] = []
let broker: Broker

before(async () => {
  broker = await Broker.start({
    memory: true,
    kafka: { port: 0 },
    logger: { ...silentLogger, error: (fields) => void unforeseen.push(fields) },
    limits: { groupInitialRebalanceDelayMs: 0, streamsMax: 50 },
  })
  const own = await broker.connect()
  await own.streams.create('T', { partitions: 2 })
  await own.streams.create('C', { cleanupPolicy: 'compact' })
  await own.publish('T', 'k', 'v')
  await own.close()
})

after(() => broker.close())

const some = ['C', 'G', '', 'range', 'consumer', 'retention.ms', 'cleanup.policy', 'compact', '1', '-1']
const text = fc.oneof(
  { weight: 6, arbitrary: fc.constant('T') },
  { weight: 6, arbitrary: fc.constantFrom(...some) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
)

function integer(bits: number): fc.Arbitrary<number> {
  const [min, max] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]
  return fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -1, max: 5 }) },
    { weight: 1, arbitrary: fc.constantFrom(min, max) },
    { weight: 1, arbitrary: fc.integer({ min, max }) },
  )
}

function batch(): Uint8Array {
  const builder = new RecordBatchBuilder()
  builder.add(1000, 'k', 'v')
  return builder.take()
}

const bytes = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(new Uint8Array(6)))
const index = fc.integer({ min: -1, max: 2 })
/** What fields hold that is likely to mean something; and little that is waited for. */
const values: FieldValues = {
  bool: fc.boolean(),
  int8: integer(8),
  int16: integer(16),
  int32: integer(32),
  int64: fc.oneof({ weight: 4, arbitrary: integer(32) }, { weight: 1, arbitrary: fc.maxSafeInteger() }),
  uuid: fc.constantFrom(zeroId, 'ab'.repeat(16)),
  string: text,
  bytes,
  records: fc.oneof(bytes, fc.constant(batch())),
  '[]int32': fc.array(integer(32), { maxLength: 4 }),
  '[]string': fc.array(text, { maxLength: 4 }),
  partition: index,
  partitionIndex: index,
  index,
  currentLeaderEpoch: fc.constantFrom(-1, -1, 1, 2),
  maxWaitMs: fc.constantFrom(0, 1, -1),
  // Without an answer there is nothing to read.
  acks: fc.constantFrom(1, -1, 2),
  numPartitions: fc.integer({ min: -1, max: 3 }),
  count: fc.integer({ min: -1, max: 3 }),
  sessionTimeoutMs: fc.constantFrom(0, 6000),
  rebalanceTimeoutMs: fc.constantFrom(0, 100),
}

for (const { api } of kafkaHandlers) {
  const schema = schemas.find(({ key }) => key === api.key)!
  test(`${api.name}: any request is answered, seed ${seed}`, { timeout: 60_000 }, async () => {
    unforeseen.length = 0
    for (let version = api.versions.from; version <= api.versions.to; version++) {
      const peer = await KafkaPeer.open(broker.kafkaAddresses[0]!.port)
      const property = fc.asyncProperty(messageValues(schema.request, version, values), async (request) => {
        await peer.ask(api, version, request)
        assert.deepEqual(unforeseen, [])
      })
      await fc.assert(property, { seed, numRuns: 50 })
      peer.destroy()
    }
  })
}
