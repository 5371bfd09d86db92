// Every compression against the libraries that clients use; hostile bytes; what would grow beyond the bound.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { compressSync, uncompressSync } from 'snappy'
import { BrokerError } from '../../errors/broker-error.ts'
import { decodeRecords } from '../log-record.ts'
import { RecordBatchBuilder } from '../record-batch-builder.ts'
import {
  batchHeaderBytes,
  batchSizeOf,
  compressionOf,
  isChecksumRight,
  recordCountOf,
} from '../record-batch.ts'
import { isBatchEmpty, thinBatch } from '../record-batch-thinning.ts'
import { RecordCursor } from '../record-cursor.ts'
import { codecNames, decompressBatch, recompressBatch } from './codecs.ts'
import { compressLz4, decompressLz4 } from './lz4.ts'
import { compressSnappy, decompressSnappy } from './snappy.ts'
import { compressed, framedSnappy } from './compressed-batches.contract.ts'

/** From nothing that repeats to nothing else. */
const content = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(300)), { maxLength: 30 })
  .map((parts) =>
    Buffer.concat(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => Buffer.from(bytes)))),
  )

const noise = fc.uint8Array({ maxLength: 3000 })

test('what snappy made comes back, raw and framed', () =>
  fc.assert(
    fc.property(content, fc.nat(70), (bytes, start) => {
      const from = (made: Uint8Array): Buffer => {
        const out = decompressSnappy(made, start, bytes.length)
        assert.deepEqual(out.subarray(0, start), new Uint8Array(start))
        return Buffer.from(out.subarray(start))
      }
      assert.deepEqual(from(compressSync(bytes)), bytes)
      assert.deepEqual(from(framedSnappy(bytes, 1000)), bytes)
    }),
  ))

test('what lz4 made comes back, in one frame and in several', () =>
  fc.assert(
    fc.property(content, content, fc.nat(70), (bytes, more, start) => {
      const frames = Buffer.concat([compressFrameSync(bytes), skippedFrame(5), compressFrameSync(more)])
      const out = decompressLz4(frames, start, bytes.length + more.length)
      assert.deepEqual(Buffer.from(out.subarray(start)), Buffer.concat([bytes, more]))
    }),
  ))

test('what our lz4 makes the library reads, in several blocks too, and it is not larger than plain', () =>
  fc.assert(
    fc.property(content, noise, fc.nat(40_000), fc.nat(70), (bytes, random, repeated, start) => {
      const all = Buffer.concat([bytes, random, bytes, Buffer.alloc(repeated, 'ab'), bytes])
      const made = compressLz4(all, start)
      assert.deepEqual(made.subarray(0, start), new Uint8Array(start))
      const blocks = Math.ceil(all.length / 65_536)
      assert.ok(made.length <= start + all.length + blocks * 4 + 11, `${made.length} of ${all.length}`)
      if (all.length > 0) assert.deepEqual(decompressFrameSync(Buffer.from(made.subarray(start))), all)
      assert.deepEqual(Buffer.from(decompressLz4(made.subarray(start), 0, all.length)), all)
    }),
  ))

test('what our snappy makes the library reads block by block, and it is framed as Java clients do', () =>
  fc.assert(
    fc.property(content, noise, fc.nat(80_000), fc.nat(70), (bytes, random, repeated, start) => {
      const all = Buffer.concat([bytes, random, Buffer.alloc(repeated, 'abc'), bytes])
      const made = compressSnappy(all, start)
      assert.deepEqual(made.subarray(0, start), new Uint8Array(start))
      assert.deepEqual(Buffer.from(decompressSnappy(made.subarray(start), 0, all.length)), all)
      const framed = Buffer.from(made.subarray(start))
      assert.deepEqual(framed.subarray(0, 16), framedSnappy(Buffer.alloc(0), 1))
      const blocks: Buffer[] = []
      for (let at = 16; at < framed.length; at += 4 + framed.readInt32BE(at)) {
        blocks.push(uncompressSync(framed.subarray(at + 4, at + 4 + framed.readInt32BE(at))) as Buffer)
      }
      assert.deepEqual(Buffer.concat(blocks), all)
    }),
  ))

test('what repeats gets smaller, in either', () => {
  const bytes = Buffer.from('{"user":"u1","amount":17,"kind":"order.created"}'.repeat(3000))
  assert.ok(compressLz4(bytes, 0).length < bytes.length / 50)
  assert.ok(compressSnappy(bytes, 0).length < bytes.length / 15)
})

function skippedFrame(size: number): Buffer {
  const frame = Buffer.alloc(8 + size, 0xee)
  frame.writeUInt32LE(0x184d2a53, 0)
  frame.writeUInt32LE(size, 4)
  return frame
}

test('an lz4 block may repeat what the block before it holds, and may be stored as it is', () => {
  const header = [0x04, 0x22, 0x4d, 0x18, 0x70 | 0x00, 0x40, 0x00]
  const stored = [4, 0, 0, 0x80, 1, 2, 3, 4, 9, 9, 9, 9]
  const linked = [6, 0, 0, 0, 0x10, 5, 4, 0, 0x10, 6, 8, 8, 8, 8]
  // The first block has its checksum, as the flag says, and so has the second.
  const frame = Uint8Array.from([...header, ...stored, ...linked, 0, 0, 0, 0])
  assert.deepEqual([...decompressLz4(frame, 0, 100)], [1, 2, 3, 4, 5, 2, 3, 4, 5, 6])
})

test('bytes that nobody compressed are refused by name, and cost what the bound says', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isMarked) => {
      const magic = isMarked ? [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82] : []
      for (const decompress of [decompressSnappy, decompressLz4]) {
        try {
          const out = decompress(Uint8Array.from([...magic, ...bytes]), 7, 1000)
          assert.ok(out.length <= 1007 && out.buffer.byteLength <= 1007)
        } catch (error) {
          assert.ok(error instanceof BrokerError, String(error))
          assert.ok(error.code === 'batch-not-decodable' || error.code === 'batch-too-large')
        }
      }
    }),
    { numRuns: 3000 },
  ))

test('any flipped bit, and any cut, is refused or bounded', () => {
  const bytes = Buffer.from('subject.one subject.two subject.one subject.two '.repeat(20))
  for (const [made, decompress] of [
    [compressSync(bytes), decompressSnappy],
    [framedSnappy(bytes, 100), decompressSnappy],
    [compressFrameSync(bytes), decompressLz4],
  ] as const) {
    const attempt = (hostile: Uint8Array): void => {
      try {
        assert.ok(decompress(hostile, 0, 2000).length <= 2000)
      } catch (error) {
        assert.ok(error instanceof BrokerError, String(error))
      }
    }
    for (let bit = 0; bit < made.length * 8; bit++) {
      const hostile = Uint8Array.from(made)
      hostile[bit >> 3]! ^= 1 << (bit & 7)
      attempt(hostile)
    }
    for (let end = 0; end < made.length; end++) attempt(made.subarray(0, end))
  }
})

const codecs = [1, 2, 3, 4] as const

function batchOf(count: number, valueBytes: number): Uint8Array {
  const builder = new RecordBatchBuilder()
  for (let index = 0; index < count; index++) {
    builder.add(1000 + index, `key.${index}`, new Uint8Array(valueBytes).fill(index), { h: 'v' })
  }
  return builder.take()
}

for (const codec of codecs) {
  const name = codecNames[codec]

  test(`records of a ${name} batch read as those of a plain one, wherever it stands`, () => {
    const plain = batchOf(40, 100)
    const batch = compressed(plain, codec)
    const bytes = Buffer.concat([Buffer.alloc(9, 0xee), batch, Buffer.alloc(5, 0xee)])
    assert.ok(batch.length < plain.length)
    assert.deepEqual(decodeRecords(bytes, 9), decodeRecords(plain, 0))
    assert.equal(decompressBatch(bytes, 9).length, plain.length)
  })

  test(`a ${name} batch is kept in any other compression, and says what it said`, () => {
    const plain = batchOf(40, 100)
    const header = (bytes: Uint8Array): number[] => [...bytes.subarray(23, batchHeaderBytes)]
    for (const other of [0, ...codecs]) {
      const batch = recompressBatch(compressed(plain, codec), other)
      assert.ok(isChecksumRight(batch, 0) && batchSizeOf(batch, 0) === batch.length)
      assert.equal(compressionOf(batch, 0), other)
      assert.deepEqual(header(batch), header(plain))
      assert.deepEqual(decodeRecords(batch, 0), decodeRecords(plain, 0))
      assert.ok(other === 0 || batch.length < plain.length)
    }
  })

  test(`a ${name} batch that grows beyond the bound is refused before it is allocated`, () => {
    const bomb = compressed(batchOf(1, 3_000_000), codec)
    assert.ok(bomb.length < 200_000)
    assert.throws(() => decompressBatch(bomb, 0, 1_000_000), { code: 'batch-too-large' })
    assert.ok(decompressBatch(bomb, 0, 3_000_100).length > 3_000_000)
    const large = compressed(batchOf(1, 20_000_000), codec)
    assert.throws(() => decompressBatch(large, 0), { code: 'batch-too-large' })
  })

  test(`a ${name} batch whose records are something else is damaged, and no cursor leaves it`, () => {
    const batch = compressed(batchOf(5, 50), codec)
    batch.fill(0x55, batchHeaderBytes + 2)
    assert.throws(() => decompressBatch(batch, 0), { code: 'batch-not-decodable' })
    const cursor = new RecordCursor()
    cursor.open(batch, 0)
    assert.deepEqual([cursor.next(), cursor.isDamaged], [false, true])
    assert.throws(() => decodeRecords(batch, 0), { code: 'invalid-batch' })
  })

  test(`records are taken out of a ${name} batch, and what stays is plain`, () => {
    const plain = batchOf(10, 60)
    const batch = compressed(plain, codec)
    const thinned = thinBatch(batch, 0, ({ offset }) => offset % 2 === 0)!
    assert.deepEqual(
      thinned,
      thinBatch(plain, 0, ({ offset }) => offset % 2 === 0),
    )
    assert.equal(
      thinBatch(batch, 0, () => true),
      undefined,
    )
    const emptied = thinBatch(batch, 0, () => false)!
    assert.deepEqual(
      [isBatchEmpty(emptied, 0), recordCountOf(emptied, 0), batchSizeOf(emptied, 0)],
      [true, 0, 61],
    )
  })
}

test('a number that names no compression is refused', () => {
  const batch = batchOf(1, 1)
  batch[22] = 5
  assert.throws(() => decompressBatch(batch, 0), { code: 'batch-not-decodable' })
})

test('all records of a batch with the time of its append have that time', () => {
  const batch = batchOf(3, 1)
  batch[22] = 0x08
  new DataView(batch.buffer).setBigInt64(35, 777_000n)
  assert.deepEqual(
    decodeRecords(batch, 0).map(({ timestamp }) => timestamp),
    [777_000, 777_000, 777_000],
  )
})
