// Record batches: what is built is walked and decoded as it was; damaged and hostile bytes are noticed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BrokerError } from '../errors/broker-error.ts'
import { decodeRecords } from './log-record.ts'
import {
  baseOffsetOf,
  batchHeaderBytes,
  batchSizeOf,
  baseTimestampOf,
  checkBatch,
  isBatchShaped,
  isChecksumRight,
  lastOffsetOf,
  leaderEpochOf,
  maxTimestampOf,
  placeBatch,
  recordCountOf,
} from './record-batch.ts'
import { RecordBatchBuilder } from './record-batch-builder.ts'
import { RecordCursor } from './record-cursor.ts'

const payload = fc.option(fc.uint8Array({ maxLength: 200 }))
const record = fc.record({
  timestamp: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  key: fc.option(fc.string({ unit: 'grapheme', maxLength: 20 })),
  value: payload,
  headers: fc.dictionary(fc.string({ maxLength: 12 }), payload, { maxKeys: 4 }),
})
const records = fc.array(record, { minLength: 1, maxLength: 12 })
type TestRecord = typeof record extends fc.Arbitrary<infer T> ? T : never

const builder = new RecordBatchBuilder()

function build(list: readonly TestRecord[]): Uint8Array {
  for (const { timestamp, key, value, headers } of list) builder.add(timestamp, key, value, headers)
  return builder.take()
}

function walk(bytes: Uint8Array, at: number): RecordCursor {
  const cursor = new RecordCursor()
  cursor.open(bytes, at)
  while (cursor.next()) {
    assert.ok(cursor.recordStart >= at && cursor.recordEnd <= bytes.length)
    assert.ok(cursor.keyEnd <= cursor.recordEnd && cursor.valueEnd <= cursor.recordEnd)
    assert.ok(cursor.headersStart < cursor.recordEnd)
  }
  return cursor
}

test('what is built comes back, wherever the batch stands', () => {
  fc.assert(
    fc.property(records, fc.nat(50), fc.nat(), (list, before, base) => {
      const batch = build(list)
      assert.equal(checkBatch(batch, 0, batch.length), undefined)
      const bytes = Buffer.concat([Buffer.alloc(before, 0xee), batch, Buffer.alloc(3, 0xee)])
      placeBatch(bytes, before, base, 4)
      assert.equal(isChecksumRight(bytes, before), true)
      assert.deepEqual([baseOffsetOf(bytes, before), leaderEpochOf(bytes, before)], [base, 4])
      assert.deepEqual(
        [batchSizeOf(bytes, before), recordCountOf(bytes, before)],
        [batch.length, list.length],
      )
      assert.equal(lastOffsetOf(bytes, before), base + list.length - 1)
      assert.equal(baseTimestampOf(bytes, before), list[0]!.timestamp)
      assert.equal(maxTimestampOf(bytes, before), Math.max(...list.map(({ timestamp }) => timestamp)))
      const decoded = decodeRecords(bytes, before).map(({ offset, timestamp, subject, data, headers }) => ({
        offset,
        timestamp,
        key: subject,
        value: data && Buffer.from(data),
        headers: Object.entries(headers).map(([name, value]) => [name, value && Buffer.from(value)]),
      }))
      const expected = list.map(({ timestamp, key, value, headers }, index) => ({
        offset: base + index,
        timestamp,
        key,
        value: value && Buffer.from(value),
        headers: Object.entries(headers).map(([name, bytesOf]) => [name, bytesOf && Buffer.from(bytesOf)]),
      }))
      assert.deepEqual(decoded, expected)
    }),
  )
})

test('offsets and epochs beyond 32 bits are kept', () => {
  const batch = build([{ timestamp: 0, key: null, value: null, headers: {} }])
  for (const offset of [0, 2 ** 31, 2 ** 32, 2 ** 32 + 5, 2 ** 53 - 1]) {
    placeBatch(batch, 0, offset, 2 ** 31 - 1)
    assert.equal(baseOffsetOf(batch, 0), offset)
  }
})

test('a string and its bytes build the same batch', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (key, value) => {
      builder.add(1, key, value, { h: value })
      const text = builder.take()
      builder.add(1, Buffer.from(key), Buffer.from(value), { h: Buffer.from(value) })
      assert.deepEqual(text, builder.take())
    }),
  )
})

test('any single flipped bit under the checksum is noticed', () => {
  const list = [{ timestamp: 5, key: 'a.b', value: Buffer.from('value'), headers: { h: Buffer.from('x') } }]
  const batch = build(list)
  for (let bit = 16 * 8; bit < batch.length * 8; bit++) {
    batch[bit >> 3]! ^= 1 << (bit & 7)
    assert.notEqual(checkBatch(batch, 0, batch.length), undefined, `bit ${bit}`)
    batch[bit >> 3]! ^= 1 << (bit & 7)
  }
})

test('a batch that is cut, longer than it says, or empty is invalid', () => {
  const batch = Buffer.from(build([{ timestamp: 1, key: 'a', value: null, headers: {} }]))
  for (let end = 0; end < batch.length; end++) assert.equal(checkBatch(batch, 0, end), 'invalid-batch')
  assert.equal(checkBatch(Buffer.concat([batch, Buffer.alloc(1)]), 0, batch.length + 1), 'invalid-batch')
  assert.equal(isBatchShaped(Buffer.alloc(batchHeaderBytes), 0, batchHeaderBytes), false)
})

test('hostile records behind a header never send a cursor outside nor keep it for ever', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 120 }),
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      (body, count) => {
        const batch = Buffer.concat([
          build([{ timestamp: 1, key: null, value: null, headers: {} }]).subarray(0, batchHeaderBytes),
          body,
        ])
        batch.writeInt32BE(batch.length - 12, 8)
        batch.writeInt32BE(count, 57)
        const cursor = walk(batch, 0)
        try {
          decodeRecords(batch, 0)
        } catch (error) {
          assert.ok(error instanceof BrokerError, String(error))
          assert.ok(error.code === 'invalid-batch' || error.code === 'invalid-request')
          return
        }
        assert.equal(cursor.isDamaged, false)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('a hostile single record, as a delivery carries it, never sends a cursor outside', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(10), (bytes, start) => {
      const cursor = new RecordCursor()
      const from = Math.min(start, bytes.length)
      cursor.openRecord(bytes, from, bytes.length)
      if (cursor.isDamaged) return
      assert.ok(cursor.keyEnd <= bytes.length && cursor.valueEnd <= bytes.length)
      assert.ok(cursor.headersStart < bytes.length)
    }),
    { numRuns: 2_000 },
  )
})

test('records of every size that needs another form of it come back, short and long, text and bytes', () => {
  const sizes = [0, 1, 40, 55, 56, 57, 58, 95, 96, 97, 8180, 8182, 8184, 8186, 8192, 70_000, 1_100_000]
  const texts = [
    '',
    'orders.premium.u1',
    'é',
    `${'x'.repeat(90)}ß`,
    'x'.repeat(95),
    'x'.repeat(97),
    '𝄞'.repeat(50),
  ]
  for (const size of sizes) {
    for (const text of texts) builder.add(7, text, new Uint8Array(size).fill(0xab), { [text]: text })
    const batch = builder.take()
    assert.equal(checkBatch(batch, 0, batch.length), undefined)
    const decoded = decodeRecords(batch, 0)
    assert.deepEqual(
      decoded.map(({ subject, data, headers }) => {
        return [subject, data!.length, Buffer.from(Object.values(headers)[0]!).toString()]
      }),
      texts.map((text) => [text, size, text]),
    )
  }
})

test('a record that cannot be written leaves the batch as it was', () => {
  builder.add(5, 'first', 'a')
  const { sizeBytes } = builder
  assert.throws(() => builder.add(9, 'second', undefined as unknown as string))
  assert.deepEqual([builder.sizeBytes, builder.recordCount], [sizeBytes, 1])
  builder.add(6, 'third', 'b')
  const batch = builder.take()
  assert.equal(checkBatch(batch, 0, batch.length), undefined)
  assert.equal(maxTimestampOf(batch, 0), 6)
  assert.deepEqual(
    decodeRecords(batch, 0).map(({ subject }) => subject),
    ['first', 'third'],
  )
})
