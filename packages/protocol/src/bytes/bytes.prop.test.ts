// What is written is read back; hostile bytes end in an error, never in a crash or in memory.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BrokerError } from '../errors/broker-error.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { crc32c, tableCrc32c } from './crc32c.ts'

const safe = fc.maxSafeInteger()
/** Zig-zag doubles, so a varint holds one bit less than a safe integer. */
const half = fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 })
const text = fc.string({ unit: 'grapheme', maxLength: 60 })

const field = fc.oneof(
  fc.tuple(fc.constant('u8' as const), fc.nat(0xff)),
  fc.tuple(fc.constant('u16' as const), fc.nat(0xffff)),
  fc.tuple(fc.constant('u32' as const), fc.integer({ min: 0, max: 0xffff_ffff })),
  fc.tuple(fc.constant('i64' as const), safe),
  fc.tuple(fc.constant('varint' as const), half),
  fc.tuple(fc.constant('string16' as const), text),
  fc.tuple(fc.constant('string32' as const), text),
)

test('fields of any kind in any order come back, and fill the bytes exactly', () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 50 }), fc.integer({ min: 1, max: 8 }), (fields, capacity) => {
      const writer = new ByteWriter(capacity)
      for (const [kind, value] of fields) (writer[kind] as (value: unknown) => void).call(writer, value)
      const reader = new ByteReader(writer.take())
      for (const [kind, value] of fields) assert.equal(reader[kind](), value)
      reader.finish()
    }),
  )
})

test('reading hostile bytes gives values or invalid-request', () => {
  const reads = fc.array(fc.constantFrom('u8', 'u16', 'u32', 'i64', 'varint', 'string16', 'string32'), {
    maxLength: 20,
  })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), reads, (bytes, kinds) => {
      const reader = new ByteReader(bytes)
      try {
        for (const kind of kinds) reader[kind as 'u8']()
      } catch (error) {
        assert.ok(error instanceof BrokerError && error.code === 'invalid-request', String(error))
      }
      assert.ok(reader.position <= bytes.length)
    }),
    { numRuns: 2_000 },
  )
})

test('text in a record is its UTF-8 with the size as a varint in front, however long', () => {
  const long = fc.string({ unit: 'grapheme', maxLength: 300 })
  fc.assert(
    fc.property(fc.array(long, { maxLength: 6 }), (texts) => {
      const writer = new ByteWriter(1)
      for (const each of texts) writer.varintString(each)
      const reader = new ByteReader(writer.take())
      for (const each of texts) {
        const bytes = reader.raw(reader.varint())
        assert.deepEqual(Buffer.from(bytes), Buffer.from(each))
      }
      reader.finish()
    }),
  )
})

test('a writer goes on after its bytes are taken, and never changes them', () => {
  const writer = new ByteWriter(4)
  const taken: Uint8Array[] = []
  for (let round = 0; round < 5; round++) {
    for (let byte = 0; byte < 300 * round; byte++) writer.u8(round)
    taken.push(writer.take())
  }
  for (const [round, bytes] of taken.entries()) {
    assert.equal(bytes.length, 300 * round)
    assert.ok(bytes.every((byte) => byte === round))
  }
})

test('a reader stays within its end, whatever stands behind it', () => {
  const reader = new ByteReader(Uint8Array.of(0, 0, 0, 9, 9, 9), 1, 3)
  assert.equal(reader.remaining, 2)
  assert.throws(() => reader.u32(), { code: 'invalid-request' })
  assert.throws(() => reader.raw(3), { code: 'invalid-request' })
  assert.throws(() => reader.raw(-1), { code: 'invalid-request' })
  assert.equal(reader.u16(), 0)
  reader.finish()
})

test('limits: integers beyond 2^53, varints without an end, broken UTF-8, long names', () => {
  assert.throws(() => new ByteReader(Buffer.from('7fffffffffffffff', 'hex')).i64(), {
    code: 'invalid-request',
  })
  assert.throws(() => new ByteReader(Buffer.alloc(20, 0xff)).varint(), { code: 'invalid-request' })
  assert.throws(() => new ByteReader(Buffer.from('0002c328', 'hex')).string16(), { code: 'invalid-request' })
  assert.throws(() => new ByteReader(Buffer.from('ffffffff61', 'hex')).string32(), {
    code: 'invalid-request',
  })
  assert.throws(() => new ByteWriter().string16('x'.repeat(65_536)), RangeError)
})

test('take hands the bytes over: the writer does not touch them again', () => {
  const writer = new ByteWriter()
  writer.u32(0x01020304)
  const taken = writer.take()
  writer.u32(0xffffffff)
  assert.deepEqual([...taken], [1, 2, 3, 4])
  assert.deepEqual([...writer.take()], [255, 255, 255, 255])
})

test('slice copies short and long ranges alike', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(), (bytes, a, b) => {
      const [start, end] = [a % (bytes.length + 1), b % (bytes.length + 1)].toSorted((x, y) => x - y) as [
        number,
        number,
      ]
      const writer = new ByteWriter(1)
      writer.u8(7)
      writer.slice(bytes, start, end)
      assert.deepEqual([...writer.take()], [7, ...bytes.subarray(start, end)])
    }),
  )
})

// RFC 3720, B.4, and the check value of the CRC catalogue.
const vectors: readonly (readonly [string, Uint8Array, number])[] = [
  ['nothing', new Uint8Array(0), 0],
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 increasing bytes', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  ['32 decreasing bytes', Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
]
for (const [name, bytes, expected] of vectors) {
  test(`CRC-32C of ${name}`, () => {
    assert.equal(crc32c(bytes, 0, bytes.length), expected)
    assert.equal(tableCrc32c(bytes, 0, bytes.length), expected)
  })
}

test('both ways to compute a CRC agree, on any part of any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 300, maxLength: 2_000 }), fc.nat(300), (bytes, skip) => {
      assert.equal(crc32c(bytes, 0, bytes.length), tableCrc32c(bytes, 0, bytes.length))
      assert.equal(crc32c(bytes, skip, bytes.length), tableCrc32c(bytes, skip, bytes.length))
    }),
    { numRuns: 50 },
  )
})
