// Every message of every request at every version: bytes of any kind are read in bounded time and memory, or
// refused. That what is written is what is read is a test of the generator, which knows the definitions.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { BrokerError } from '../errors/broker-error.ts'
import { allApis } from './generated/all-apis.ts'
import type { KafkaApi } from './kafka-api.ts'
import { KafkaReader } from './kafka-reader.ts'
import { KafkaWriter } from './kafka-writer.ts'

type Side = 'Request' | 'Response'

function versionsOf({ versions }: KafkaApi<unknown, unknown>): number[] {
  return Array.from({ length: versions.to - versions.from + 1 }, (_unused, index) => versions.from + index)
}

const cases = allApis.flatMap((api) =>
  versionsOf(api).flatMap((version) =>
    (['Request', 'Response'] as const).map((side) => ({ api, version, side })),
  ),
)

function read(api: KafkaApi<unknown, unknown>, side: Side, bytes: Uint8Array, version: number): unknown {
  const reader = new KafkaReader(bytes)
  const value = side === 'Request' ? api.readRequest(reader, version) : api.readResponse(reader, version)
  reader.finish()
  return value
}

function write(api: KafkaApi<unknown, unknown>, side: Side, value: unknown, version: number): Uint8Array {
  const writer = new KafkaWriter()
  if (side === 'Request') api.writeRequest(writer, value, version)
  else api.writeResponse(writer, value, version)
  return Uint8Array.from(Buffer.concat(writer.takeParts()))
}

test('a message of zeros has every field, at every version', () => {
  for (const { api, version, side } of cases) {
    const zeros = new KafkaReader(new Uint8Array(200))
    const isCompact = version >= api.flexibleFrom
    // Zero is a null in a compact encoding, and no text or array that must be there can be null.
    if (isCompact) continue
    const value = side === 'Request' ? api.readRequest(zeros, version) : api.readResponse(zeros, version)
    assert.deepEqual(
      read(api, side, write(api, side, value, version), version),
      value,
      `${api.name} ${side} ${version}`,
    )
  }
})

test('any bytes at all are read or refused, and cost no more than they are', () => {
  const anyBytes = fc.uint8Array({ maxLength: 2000 })
  fc.assert(
    fc.property(fc.constantFrom(...cases), anyBytes, ({ api, version, side }, bytes) => {
      try {
        read(api, side, bytes, version)
      } catch (error) {
        assert.ok(error instanceof BrokerError && error.code === 'invalid-request', String(error))
      }
    }),
    { numRuns: 20_000 },
  )
})

test('an array that claims more elements than there are bytes is refused before any is made', () => {
  const metadata = allApis.find(({ name }) => name === 'Metadata')!
  const plain = new KafkaWriter()
  plain.i32(0x7fff_ffff)
  assert.throws(() => read(metadata, 'Request', plain.take(), 1), /an array of 2147483647 elements/)
  const compact = new KafkaWriter()
  compact.uvarint(0xffff_ffff)
  assert.throws(() => read(metadata, 'Request', compact.take(), 12), /an array of 4294967294 elements/)
})

test('unknown tagged fields are passed over, and one that ends elsewhere than it says is refused', () => {
  const apiVersions = allApis.find(({ name }) => name === 'ApiVersions')!
  const known = {
    errorCode: 0,
    apiKeys: [],
    throttleTimeMs: 7,
    supportedFeatures: [],
    finalizedFeaturesEpoch: 5,
    finalizedFeatures: [],
    zkMigrationReady: false,
  }
  const bytes = write(apiVersions, 'Response', known, 3)
  // The one tagged field is finalizedFeaturesEpoch: count, tag 1, size 8.
  assert.deepEqual([...bytes.subarray(-11, -8)], [1, 1, 8])
  const unknown = Buffer.concat([
    bytes.subarray(0, -11),
    Uint8Array.of(2),
    bytes.subarray(-10),
    Uint8Array.of(99, 2, 1, 2),
  ])
  assert.deepEqual(read(apiVersions, 'Response', unknown, 3), known)
  const short = Buffer.from(bytes)
  short[bytes.length - 9] = 7
  assert.throws(() => read(apiVersions, 'Response', short, 3), { code: 'invalid-request' })
})

test('record batches are sent as they are, in their place', () => {
  const fetch = allApis.find(({ name }) => name === 'Fetch')!
  const slices = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)]
  const partition = (index: number): object => ({
    partition: index,
    errorCode: 0,
    highWatermark: 9,
    abortedTransactions: null,
    records: index === 1 ? null : slices,
  })
  const value = {
    throttleTimeMs: 0,
    errorCode: 0,
    sessionId: 0,
    topics: [{ name: 't', topicId: '0'.repeat(32), partitions: [0, 1, 2].map(partition) }],
  }
  for (const version of [4, 11, 12, 17]) {
    const writer = new KafkaWriter()
    fetch.writeResponse(writer, value, version)
    const { size } = writer
    const parts = writer.takeParts()
    assert.equal(parts.filter((part) => part === slices[0]).length, 2)
    const bytes = Uint8Array.from(Buffer.concat(parts))
    assert.equal(bytes.length, size)
    const { topics } = read(fetch, 'Response', bytes, version) as {
      topics: { partitions: { records: Uint8Array | null }[] }[]
    }
    const records = topics[0]!.partitions.map((each) => (each.records === null ? null : [...each.records]))
    assert.deepEqual(records, [[1, 2, 3, 4], null, [1, 2, 3, 4]])
  }
})

test('every definition has a codec, and no two have one key', () => {
  const definitions = readdirSync(new URL('definitions/', import.meta.url))
  assert.equal(definitions.length, allApis.length)
  assert.equal(new Set(allApis.map(({ key }) => key)).size, allApis.length)
  for (const { name, versions, advertisedFrom, flexibleFrom } of allApis) {
    assert.ok(advertisedFrom <= versions.from && versions.from <= versions.to, name)
    assert.ok(flexibleFrom >= 0, name)
    const file = name.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()
    assert.match(
      readFileSync(new URL(`definitions/${file}.schema`, import.meta.url), 'utf8'),
      new RegExp(`^api ${name} `, 'm'),
    )
  }
})
