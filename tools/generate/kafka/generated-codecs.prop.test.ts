// What the generated codecs write is what they read: values of every message at every version, made from the
// definitions.

import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { allApis } from '@sluice/protocol/kafka/generated/all-apis'
import { KafkaReader } from '@sluice/protocol/kafka/kafka-reader'
import { KafkaWriter } from '@sluice/protocol/kafka/kafka-writer'
import { messageValues, schemas } from './message-values.contract.ts'
import type { FieldValues } from './message-values.contract.ts'
import { parseSchema } from './parse-schema.ts'
import type { ApiSchema } from './schema.ts'

const hexDigits = '0123456789abcdef'.split('')
const integer = (bits: number): fc.Arbitrary<number> =>
  fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
const bytes = fc.uint8Array({ maxLength: 20 })

const anyValues: FieldValues = {
  bool: fc.boolean(),
  int8: integer(8),
  int16: integer(16),
  int32: integer(32),
  int64: fc.maxSafeInteger(),
  uuid: fc
    .array(fc.constantFrom(...hexDigits), { minLength: 32, maxLength: 32 })
    .map((digits) => digits.join('')),
  string: fc.string({ unit: 'grapheme', maxLength: 20 }),
  bytes,
  records: bytes,
  '[]int32': fc.array(integer(32), { maxLength: 5 }),
  '[]string': fc.array(fc.string({ maxLength: 5 }), { maxLength: 5 }),
}

function roundTrip(
  schema: ApiSchema,
  side: 'request' | 'response',
  version: number,
): fc.IPropertyWithHooks<[unknown]> {
  const api = allApis.find(({ key }) => key === schema.key)!
  return fc.property(messageValues(schema[side], version, anyValues), (value) => {
    const writer = new KafkaWriter()
    if (side === 'request') api.writeRequest(writer, value, version)
    else api.writeResponse(writer, value, version)
    const reader = new KafkaReader(Uint8Array.from(Buffer.concat(writer.takeParts())))
    const found = side === 'request' ? api.readRequest(reader, version) : api.readResponse(reader, version)
    reader.finish()
    assert.deepEqual(found, value)
  })
}

for (const schema of schemas) {
  test(`${schema.name} is read as it was written, at every version`, () => {
    for (let version = schema.versions.from; version <= schema.versions.to; version++)
      for (const side of ['request', 'response'] as const)
        fc.assert(roundTrip(schema, side, version), { numRuns: 30 })
  })
}

test('the generated files are what the definitions say', async () => {
  const { execFileSync } = await import('node:child_process')
  execFileSync(process.execPath, [resolve(import.meta.dirname, 'generate.ts'), '--check'], { stdio: 'pipe' })
})

test('a definition that is wrong is refused with its line', () => {
  const head = 'api X 1\nversions 0-1\nflexible none\n'
  const refusals: [string, RegExp][] = [
    [`${head}request\n  a int7\n`, /line 5: 'int7' is no type/],
    [`${head}request\n  a []\n`, /line 5: '\[\]' has no fields/],
    [`${head}request\n  a int8\n    b int8\n`, /line 5: 'int8' cannot have fields/],
    [`${head}request\n  a int8 3\n`, /line 5: '3' is no range of versions/],
    [`${head}  a int8\n`, /line 4: a field before request or response/],
    ['versions 0-1\n', /api, versions and flexible must all be said/],
  ]
  for (const [text, message] of refusals) assert.throws(() => parseSchema(text), { message })
})
