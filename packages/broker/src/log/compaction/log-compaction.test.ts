// What a compaction does to the files of a log: small segments become one, readers that are under way go on,
// damage and what nobody can take apart stay, and memory is what it was given.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resealBatch } from '@sluice/protocol/record/record-batch'
import type { Io } from '../../io/io.ts'
import { logOptions, memoryIo, readAll } from '../log.fixture.ts'
import { Log } from '../log.ts'
import { KeyHash } from './key-hash.ts'
import { OffsetMap } from './offset-map.ts'
import { compactionAt, keyedBatch, readKeyed } from './compaction.fixture.ts'

const encoder = new TextEncoder()

async function withLog(body: (log: Log, io: Io) => Promise<void>): Promise<void> {
  const io = memoryIo()
  const log = await Log.open(io, '/log', logOptions({ segmentBytes: 1000 }))
  await body(log, io)
  await log.close()
}

async function append(log: Log, ...keys: string[]): Promise<void> {
  for (const key of keys) log.append(keyedBatch([{ key, value: 'v'.repeat(100) }]), 0)
  await log.durable()
}

async function segments(io: Io): Promise<number> {
  return (await io.files.list('/log')).filter(({ name }) => name.endsWith('.log')).length
}

const many = (count: number, keys: number): string[] =>
  Array.from({ length: count }, (_, index) => `k${index % keys}`)

test('what is left of many segments is in few, and is compacted again with what comes', () =>
  withLog(async (log, io) => {
    await append(log, ...many(100, 3))
    assert.equal((await segments(io)) > 15, true)
    await log.compact(compactionAt(1))
    // The active one, and what is left of all others: of most only a header that says which offsets are gone.
    assert.equal((await segments(io)) <= 3, true)
    const kept = await readKeyed(log)
    assert.deepEqual(new Set(kept.slice(0, 3).map(({ key }) => key)), new Set(['k0', 'k1', 'k2']))
    await append(log, ...many(100, 3))
    await log.compact(compactionAt(2))
    assert.equal((await segments(io)) <= 3, true)
    assert.equal(log.logStart, 0, 'offsets that are gone are no start')
    assert.equal((await readAll(log, 50))[0]!.offset > 50, true)
  }))

test('a reader goes from segment to segment while they are merged', () =>
  withLog(async (log) => {
    await append(log, ...Array.from({ length: 60 }, (_, index) => `k${index}`))
    const seen: number[] = []
    let compacting: Promise<boolean> | undefined
    for (let offset = 0; offset < log.durableEnd;) {
      const reading = log.read(offset, 1)
      compacting ??= log.compact(compactionAt(1))
      const { nextOffset } = await reading
      seen.push(offset)
      offset = nextOffset
      if (offset > 30) await compacting
    }
    assert.equal(await compacting, true)
    assert.deepEqual(
      seen,
      Array.from({ length: 60 }, (_, index) => index),
    )
  }))

test('a compaction that was done is not done again, and none is where nothing is dirty', () =>
  withLog(async (log, io) => {
    assert.equal(await log.compact(compactionAt(1)), false)
    await append(log, ...many(30, 3))
    assert.equal(await log.compact(compactionAt(1)), true)
    assert.equal(await log.compact(compactionAt(2)), false)
    await log.close()
    const again = await Log.open(io, '/log', logOptions())
    assert.equal(await again.compact(compactionAt(3)), false)
    await again.close()
  }))

test('a segment with a batch that nobody can take apart stays, with its tombstones and the others', () =>
  withLog(async (log) => {
    await append(log, 'a', 'a')
    const damaged = keyedBatch([{ key: 'b', value: 'v'.repeat(500) }])
    damaged[61] = 0x7f
    resealBatch(damaged, damaged.length, { lastOffsetDelta: 0, maxTimestamp: 1000, recordCount: 1 })
    log.append(damaged, 0)
    log.roll()
    log.append(keyedBatch([{ key: 'b', value: null }]), 0)
    await append(log, ...many(20, 2))
    await log.compact(compactionAt(1))
    await append(log, ...many(20, 2))
    await log.compact(compactionAt(100_000))
    const slice = await log.read(0, 2000)
    assert.equal(slice.end - slice.start > 800, true, 'the segment is as it was')
    const offsets = new Set<number>()
    for (let offset = 3; offset < log.durableEnd;) {
      const { bytes, start, nextOffset } = await log.read(offset, 1)
      if (bytes.length > start + 61) offsets.add(offset)
      offset = nextOffset
    }
    assert.equal(offsets.has(3), true, 'the tombstone is needed while the segment stands')
    assert.equal(offsets.size < 20, true)
  }))

test('memory is what it was given, however many keys there are', () => {
  const hash = new KeyHash([9, 8, 7, 6])
  const map = new OffsetMap(hash, 24_000, 1_000_000)
  assert.equal(map.sizeBytes, 24_000)
  let held = 0
  const key = (index: number): Uint8Array => encoder.encode(`key-${index}`)
  while (map.set(key(held), 0, key(held).length, held)) held++
  assert.equal(held, 850)
  for (let index = 0; index < held; index++) assert.equal(map.find(key(index), 0, key(index).length), index)
  assert.equal(map.find(key(held), 0, key(held).length), -1)
  assert.equal(map.set(key(5), 0, key(5).length, 5000), true, 'a key that is there takes no room')
  map.clear()
  assert.equal(map.find(key(5), 0, key(5).length), -1)
})
