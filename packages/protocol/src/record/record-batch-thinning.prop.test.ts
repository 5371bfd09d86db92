import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { crc32c } from '../bytes/crc32c.ts'
import { decodeRecords } from './log-record.ts'
import { RecordBatchBuilder } from './record-batch-builder.ts'
import {
  baseOffsetOf,
  batchHeaderBytes,
  batchSizeOf,
  isBatchShaped,
  isChecksumRight,
  lastOffsetOf,
  leaderEpochOf,
  maxTimestampOf,
  placeBatch,
  recordCountOf,
} from './record-batch.ts'
import { isBatchEmpty, joinEmptyBatches, thinBatch } from './record-batch-thinning.ts'

const record = fc.record({
  timestamp: fc.integer({ min: -5, max: 2 ** 45 }),
  key: fc.option(fc.string({ maxLength: 20 })),
  value: fc.option(fc.uint8Array({ maxLength: 200 })),
  header: fc.option(fc.string({ maxLength: 10 })),
  isKept: fc.boolean(),
})

type Given = typeof record extends fc.Arbitrary<infer T> ? T : never

/** At offset 1000 of epoch 3, behind some other bytes. */
function batchOf(records: readonly Given[], at: number): Uint8Array {
  const builder = new RecordBatchBuilder()
  for (const { timestamp, key, value, header } of records) {
    builder.add(timestamp, key, value, header === null ? {} : { h: header })
  }
  const batch = builder.take()
  placeBatch(batch, 0, 1000, 3)
  const bytes = new Uint8Array(at + batch.length + 7).fill(0xaa)
  bytes.set(batch, at)
  return bytes
}

test('what stays of a batch is as it was, and the rest is nowhere', () =>
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), fc.nat(20), (records, at) => {
      const bytes = batchOf(records, at)
      const before = bytes.slice()
      const thinned = thinBatch(bytes, at, ({ offset }) => records[offset - 1000]!.isKept)
      assert.deepEqual(bytes, before)
      const kept = records.filter(({ isKept }) => isKept)
      if (kept.length === records.length) {
        assert.equal(thinned, undefined)
        return
      }
      assert.ok(
        thinned !== undefined && isBatchShaped(thinned, 0, thinned.length) && isChecksumRight(thinned, 0),
      )
      assert.equal(batchSizeOf(thinned, 0), thinned.length)
      const all = decodeRecords(bytes, at)
      assert.deepEqual(
        decodeRecords(thinned, 0),
        all.filter(({ offset }) => records[offset - 1000]!.isKept),
      )
      const header = [baseOffsetOf(thinned, 0), lastOffsetOf(thinned, 0), leaderEpochOf(thinned, 0)]
      assert.deepEqual(header, [1000, 1000 + records.length - 1, 3])
      assert.equal(recordCountOf(thinned, 0), kept.length)
      const newest = kept.length === 0 ? -1 : Math.max(...kept.map(({ timestamp }) => timestamp))
      assert.equal(maxTimestampOf(thinned, 0), newest)
      assert.equal(isBatchEmpty(thinned, 0), kept.length === 0)
      assert.equal(
        thinBatch(thinned, 0, () => true),
        undefined,
        'thinning again takes nothing',
      )
    }),
  ))

function emptyAt(baseOffset: number, count: number, epoch = 3): Uint8Array {
  const builder = new RecordBatchBuilder()
  for (let index = 0; index < count; index++) builder.add(1, 'k', 'v')
  const batch = builder.take()
  placeBatch(batch, 0, baseOffset, epoch)
  return thinBatch(batch, 0, () => false)!
}

test('emptied batches that follow each other become one', () => {
  const joined = joinEmptyBatches(emptyAt(10, 3), emptyAt(13, 4))
  assert.ok(joined !== undefined && isChecksumRight(joined, 0) && isBatchEmpty(joined, 0))
  assert.deepEqual([baseOffsetOf(joined, 0), lastOffsetOf(joined, 0)], [10, 16])
  assert.equal(joined.length, batchHeaderBytes)
  assert.equal(
    joinEmptyBatches(emptyAt(10, 3), emptyAt(14, 4)),
    undefined,
    'offsets between them are unknown',
  )
  assert.equal(joinEmptyBatches(emptyAt(10, 3), emptyAt(13, 4, 4)), undefined, 'who wrote them differs')
  const far = joinEmptyBatches(emptyAt(0, 1), emptyAt(1, 1))!
  const wide = joinEmptyBatches(far, emptyAt(2, 1))!
  assert.deepEqual([baseOffsetOf(wide, 0), lastOffsetOf(wide, 0)], [0, 2])
})

test('what nobody here can take apart is refused by name', () => {
  const whole = (): Uint8Array =>
    batchOf([{ timestamp: 1, key: 'a', value: null, header: null, isKept: false }], 0)
  const resealed = (bytes: Uint8Array): Uint8Array => {
    new DataView(bytes.buffer).setUint32(17, crc32c(bytes, 21, batchSizeOf(bytes, 0)))
    return bytes
  }
  const compressed = whole()
  compressed[22] = 4
  assert.throws(() => thinBatch(resealed(compressed), 0, () => false), { code: 'corrupt-log' })
  const damaged = whole()
  damaged[batchHeaderBytes] = 0x7e
  assert.throws(() => thinBatch(resealed(damaged), 0, () => false), { code: 'corrupt-log' })
  const control = whole()
  control[22] = 0x20
  assert.equal(
    thinBatch(resealed(control), 0, () => false),
    undefined,
    'control batches stay',
  )
})
