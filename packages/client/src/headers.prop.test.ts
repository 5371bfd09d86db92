// Headers read lazily are what was written; damaged ones are an error and nothing worse.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { findHeader, readHeaders } from './headers.ts'

const value = fc.option(
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array({ minLength: 100, maxLength: 9_000 })),
)
const names = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 70 }),
  fc.constantFrom('__proto__', 'constructor'),
)

test('what was written is read, as text and as bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(names, value), { maxLength: 6 }), (entries) => {
      const written = Object.fromEntries(entries)
      const builder = new RecordBatchBuilder()
      builder.add(0, 'a', 'x', written)
      const cursor = new RecordCursor()
      cursor.open(builder.take(), 0)
      cursor.next()
      const bytes = Buffer.from(cursor.bytes)
      const asBytes = (held: string | Uint8Array | null): Buffer | null =>
        held === null ? null : Buffer.from(held as string)
      const expected = Object.entries(written).map(([name, held]) => [name, asBytes(held)?.toString() ?? ''])
      assert.deepEqual(Object.entries(readHeaders(bytes, cursor.headersStart, cursor.recordEnd)), expected)
      for (const [name, held] of Object.entries(written)) {
        assert.deepEqual(findHeader(bytes, cursor.headersStart, cursor.recordEnd, name), asBytes(held))
      }
      assert.equal(
        findHeader(bytes, cursor.headersStart, cursor.recordEnd, 'not one of them, by its size'.repeat(4)),
        undefined,
      )
    }),
  )
})

test('hostile bytes are headers or an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (hostile) => {
      try {
        readHeaders(Buffer.from(hostile), 0, hostile.length)
      } catch (error) {
        assert.ok(error instanceof BrokerError && error.code === 'invalid-batch', String(error))
      }
    }),
    { numRuns: 2_000 },
  )
})
