import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeHeaders } from '@sluice/protocol/record/log-record'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { areHeadersSound } from './header-check.ts'

function encode(headers: readonly (readonly [string, Uint8Array | null])[]): Uint8Array {
  const writer = new ByteWriter()
  writer.varint(headers.length)
  for (const [name, value] of headers) {
    const bytes = new TextEncoder().encode(name)
    writer.varint(bytes.length)
    writer.raw(bytes)
    writer.varint(value === null ? -1 : value.length)
    if (value !== null) writer.raw(value)
  }
  return writer.take()
}

const headers = fc.array(
  fc.tuple(fc.string({ maxLength: 70 }), fc.option(fc.uint8Array({ maxLength: 150 }))),
  { maxLength: 8 },
)

test('whatever is encoded rightly is sound, and cut or padded it is not', () => {
  fc.assert(
    fc.property(headers, (given) => {
      const bytes = encode(given)
      assert.equal(areHeadersSound(bytes, 0, bytes.length), true)
      for (let end = 0; end < bytes.length; end++)
        assert.equal(areHeadersSound(bytes, 0, end), false, `cut at ${end}`)
      const padded = new Uint8Array(bytes.length + 1)
      padded.set(bytes)
      assert.equal(areHeadersSound(padded, 0, padded.length), false)
    }),
  )
})

test('what is called sound can be read, whatever the bytes', () => {
  let soundCount = 0
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
    fc.array(fc.nat(6), { minLength: 1 }).map((list) => Uint8Array.from(list)),
  )
  fc.assert(
    fc.property(bytes, (given) => {
      if (!areHeadersSound(given, 0, given.length)) return
      soundCount++
      decodeHeaders(given, 0, given.length)
    }),
    { numRuns: 20_000 },
  )
  assert.ok(soundCount > 20, `${soundCount} were sound`)
})
