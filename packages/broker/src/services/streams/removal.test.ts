// Records that leave streams: asked for, by everything, offset, subject and place, and by what a stream
// keeps.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFrom } from '@sluice/protocol/native/publish-messages'
import type { ReadRequest } from '@sluice/protocol/native/publish-messages'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { realTimers } from '../../io/real-time.ts'
import { simulate } from '../../testing/sim-io.ts'
import type { LogSlice } from '../../log/log.ts'
import { TailCache } from '../../log/tail-cache.ts'
import { fetch } from './fetch.ts'
import type { Fetched } from './fetch.ts'
import { memoryWorld, openStreams, testLimits } from './open-streams.contract.ts'
import type { OpenedStreams } from './open-streams.contract.ts'
import { publish } from './publish.ts'
import { deleteMessages, purge } from './removal.ts'
import type { PurgeChoice } from './removal.ts'
import type { Stream } from './stream.ts'

const never = new AbortController().signal

/** A record for each subject; null is a key that is no subject. */
function batchOf(subjects: readonly (string | null)[], timeMs = 1000): Uint8Array {
  const builder = new RecordBatchBuilder()
  for (const subject of subjects) builder.add(timeMs, subject, `of ${subject}`)
  return builder.take()
}

async function publishAll(
  stream: Stream,
  subjects: readonly string[],
  { partition = 0, timeMs = 1000 } = {},
): Promise<void> {
  await publish(stream, [{ partition, batch: batchOf(subjects, timeMs) }])
}

const waiting = { enter: () => {}, leave: () => {} }

function read(stream: Stream, request: Partial<ReadRequest>): Promise<Fetched> {
  const rest = { stream: stream.name, partition: 0, from: readFrom.offset, value: 0, bytesMax: 0, waitMs: 0 }
  return fetch(
    stream,
    { ...rest, ...request },
    { timers: realTimers, signal: never, hold: () => {}, waiting },
  )
}

/** What a reader gets who asks again and again from the start on, as `<offset><subject>`. */
async function readAll(stream: Stream, partition = 0, bytesMax = 1): Promise<string[]> {
  const found: string[] = []
  let value = 0
  for (;;) {
    const answer = await read(stream, { partition, value, bytesMax })
    for (const { bytes, start, end } of answer.slices) {
      for (let at = start; at < end; at += batchSizeOf(bytes, at)) {
        for (const { offset, subject } of decodeRecords(bytes, at)) {
          if (offset >= value) found.push(`${offset}${subject}`)
        }
      }
    }
    if (answer.nextOffset >= answer.highWatermark) return found
    assert.equal(answer.nextOffset > value, true)
    value = answer.nextOffset
  }
}

async function withStream(
  body: (stream: Stream, opened: OpenedStreams) => Promise<void>,
  partitions = 1,
): Promise<void> {
  const opened = await openStreams()
  await opened.streams.create('S', { partitions })
  await body(opened.streams.require('S'), opened)
  await opened.close()
}

const purged = (stream: Stream, choice: PurgeChoice = {}): Promise<{ removed: number }> =>
  purge(stream, choice, realTimers)

test('a purge of everything empties all partitions, and what comes then is read', () =>
  withStream(async (stream) => {
    await publishAll(stream, ['a', 'b', 'c'])
    await publishAll(stream, ['a', 'b'], { partition: 1 })
    for (const choice of [{}, { match: '>' }]) {
      const { removed } = await purged(stream, choice)
      assert.equal(removed, 'match' in choice ? 1 : 5)
      assert.deepEqual([await readAll(stream), await readAll(stream, 1)], [[], []])
      await publishAll(stream, ['d'])
      assert.deepEqual(await readAll(stream), ['match' in choice ? '4d' : '3d'])
    }
    const facts = stream.info().partitions.map(({ logStart, highWatermark }) => [logStart, highWatermark])
    assert.deepEqual(facts, [
      [4, 5],
      [2, 2],
    ])
    assert.equal(stream.info().partitions[1]!.sizeBytes, 0)
  }, 2))

test('a purge below an offset is exact', () =>
  withStream(async (stream) => {
    await publishAll(stream, ['a', 'b', 'c', 'd'])
    assert.deepEqual(await purged(stream, { partition: 0, before: 2 }), { removed: 2 })
    assert.deepEqual(await purged(stream, { partition: 0, before: 2 }), { removed: 0 })
    assert.deepEqual(await purged(stream, { partition: 0, before: 0 }), { removed: 0 })
    assert.deepEqual(await readAll(stream), ['2c', '3d'])
    assert.equal(stream.info().partitions[0]!.logStart, 2)
    assert.deepEqual(await purged(stream, { partition: 0, before: 4 }), { removed: 2 })
    assert.deepEqual(await readAll(stream), [])
  }))

test('no answer has the bytes of what was purged, wherever it comes from', async () => {
  for (const tailBytes of [0, 1 << 20]) {
    const opened = await openStreams(memoryWorld(), { tail: new TailCache(tailBytes) })
    await opened.streams.create('S', {})
    const stream = opened.streams.require('S')
    for (let round = 0; round < 3; round++) await publishAll(stream, ['secret', 'secret', 'left'])
    await purged(stream, { partition: 0, before: 5 })
    for (const bytesMax of [1, 1_000_000]) {
      for (const from of [readFrom.first, readFrom.offset, readFrom.time, readFrom.doubtedOffset]) {
        const { slices, nextOffset } = await read(stream, {
          from,
          value: from === readFrom.time ? 1000 : 0,
          bytesMax,
        })
        const [{ bytes, start, end }] = slices as [LogSlice]
        const [{ offset, subject }] = decodeRecords(bytes, start)
        assert.deepEqual([offset, subject, nextOffset >= 6], [5, 'left', true])
        assert.equal(batchSizeOf(bytes, start) <= end - start, true)
      }
    }
    assert.deepEqual(await readAll(stream, 0, 1_000_000), ['5left', '6secret', '7secret', '8left'])
    await opened.close()
  }
})

test('the last message is the newest that is left', () =>
  withStream(async (stream) => {
    const lastOf = async (): Promise<number | undefined> => {
      const { slices, nextOffset } = await read(stream, { from: readFrom.last, bytesMax: 1 })
      if (slices.length === 0) return nextOffset
      return decodeRecords(slices[0]!.bytes, slices[0]!.start).at(-1)?.offset
    }
    for (let round = 0; round < 4; round++) await publishAll(stream, ['a', 'b'])
    const seen = [await lastOf()]
    for (const offset of [7, 6, 5, 3, 4, 0]) {
      await deleteMessages(stream, [{ partition: 0, offset }])
      seen.push(await lastOf())
    }
    assert.deepEqual(seen, [7, 6, 5, 4, 4, 2, 2])
    await deleteMessages(
      stream,
      [1, 2].map((offset) => ({ partition: 0, offset })),
    )
    assert.deepEqual([await lastOf(), await readAll(stream)], [8, []])
    await publishAll(stream, ['c'])
    assert.equal(await lastOf(), 8)
    await purged(stream)
    assert.equal(await lastOf(), 9)
  }))

test('a purge by subject takes what matches, and nothing without a subject', () =>
  withStream(async (stream) => {
    for (let round = 0; round < 3; round++) {
      // Past the check of publishing: other protocols store keys that are no subjects.
      await stream.requireLed(0).store([batchOf(['a.x', 'b.x', null, 'a', 'a.y.z'])])
    }
    assert.deepEqual(await purged(stream, { match: 'a.{tenant}', partition: 0, before: 6 }), { removed: 2 })
    assert.deepEqual(await purged(stream, { match: 'a.*' }), { removed: 1 })
    assert.deepEqual(await purged(stream, { match: 'a.*' }), { removed: 0 })
    const left = ['1b.x', '2null', '3a', '4a.y.z', '6b.x', '7null', '8a', '9a.y.z']
    for (const bytesMax of [1, 1_000_000]) {
      assert.deepEqual(await readAll(stream, 0, bytesMax), [...left, '11b.x', '12null', '13a', '14a.y.z'])
    }
    assert.deepEqual(await purged(stream, { match: 'a.>' }), { removed: 3 })
    assert.deepEqual((await readAll(stream)).length, 9)
  }))

test('single messages are deleted, each counted once and only while it is there', () =>
  withStream(async (stream) => {
    await publishAll(stream, ['a', 'b', 'c', 'd'])
    await publishAll(stream, ['a', 'b'], { partition: 1 })
    const at = (partition: number, offset: number): { partition: number; offset: number } => ({
      partition,
      offset,
    })
    const messages = [at(0, 1), at(1, 0), at(0, 1), at(0, 3)]
    assert.deepEqual(await deleteMessages(stream, messages), { removed: 3 })
    assert.deepEqual(await deleteMessages(stream, messages), { removed: 0 })
    assert.deepEqual([await readAll(stream), await readAll(stream, 1)], [['0a', '2c'], ['1b']])
    await publishAll(stream, ['e'])
    assert.deepEqual(await readAll(stream), ['0a', '2c', '4e'])
  }, 2))

test('a request that cannot be is refused as a whole', () =>
  withStream(async (stream) => {
    await publishAll(stream, ['a', 'b'])
    const cases: [Promise<unknown>, string][] = [
      [purged(stream, { before: 1 }), 'invalid-request'],
      [purged(stream, { partition: 1 }), 'unknown-partition'],
      [purged(stream, { partition: 0, before: 3 }), 'offset-out-of-range'],
      [purged(stream, { match: 'a..b' }), 'invalid-pattern'],
      [
        deleteMessages(stream, [
          { partition: 0, offset: 0 },
          { partition: 0, offset: 2 },
        ]),
        'offset-out-of-range',
      ],
      [
        deleteMessages(stream, [
          { partition: 0, offset: 0 },
          { partition: 1, offset: 0 },
        ]),
        'unknown-partition',
      ],
    ]
    for (const [refused, code] of cases) await assert.rejects(refused, { code })
    const place = { partition: 0, offset: 2 }
    await assert.rejects(deleteMessages(stream, [place]), { message: /ends at 2, and has no record 2\. / })
    assert.deepEqual(await readAll(stream), ['0a', '1b'])
  }))

test('a stream that is deleted meanwhile says so', () =>
  withStream(async (stream, { streams }) => {
    for (let round = 0; round < 50; round++) await publishAll(stream, ['a', 'b'])
    const purging = purged(stream, { match: 'a' })
    await streams.delete('S')
    await assert.rejects(purging, { code: 'stream-deleted' })
  }))

test('readers meet only whole answers while messages are deleted and purged', () =>
  withStream(async (stream) => {
    for (let round = 0; round < 100; round++) await publishAll(stream, ['a', 'b', 'c'])
    let isOver = false
    const reading = (async (): Promise<void> => {
      while (!isOver) {
        for (const each of await readAll(stream, 0, 500)) assert.match(each, /^\d+[abc]$/)
        // Why: files in memory never wait, and this loop would leave nobody a turn.
        await new Promise(setImmediate)
      }
    })()
    for (let before = 10; before < 300; before += 10) {
      await deleteMessages(stream, [{ partition: 0, offset: before + 3 > 299 ? 299 : before + 3 }])
      await purged(stream, { partition: 0, before })
    }
    isOver = true
    await reading
    assert.equal((await readAll(stream)).length, 9)
  }))

// ── What a stream keeps ────────────────────────────────────────────────────────────────────────────────────

const smallLimits = { ...testLimits, segmentBytes: 2000 }

test('what is too old goes when its time has come, and what is young stays', () =>
  simulate(1, async (world) => {
    const io = world.startNode('n')
    const { streams, close } = await openStreams(io, { limits: smallLimits })
    await streams.create('S', { maxAgeMs: 100_000 })
    const stream = streams.require('S')
    await publishAll(stream, ['old'], { timeMs: io.clock.wallMs() })
    await world.sleep(90_000)
    await publishAll(stream, ['young'], { timeMs: io.clock.wallMs() })
    assert.deepEqual(await readAll(stream), ['0old', '1young'])
    await world.sleep(75_000)
    assert.deepEqual(await readAll(stream), ['1young'])
    await world.sleep(120_000)
    assert.deepEqual(await readAll(stream), [])
    const [{ logStart, highWatermark, sizeBytes }] = stream.info().partitions
    assert.deepEqual([logStart, highWatermark, sizeBytes], [2, 2, 0])
    await close()
  }))

test('a limit holds as soon as an alteration is answered, and after a restart; 0 lifts it', async () => {
  const io = memoryWorld()
  let opened = await openStreams(io, { limits: smallLimits })
  await opened.streams.create('S', {})
  for (let round = 0; round < 100; round++) await publishAll(opened.streams.require('S'), ['x', 'x'])
  const { partitions } = await opened.streams.alter('S', { maxMessages: 50 })
  const kept = partitions[0]!.highWatermark - partitions[0]!.logStart
  assert.equal(kept > 0 && kept <= 50, true, `${kept} are kept`)
  assert.equal((await readAll(opened.streams.require('S'))).length, kept)
  await opened.close()
  opened = await openStreams(io, { limits: smallLimits })
  const stream = opened.streams.require('S')
  assert.deepEqual([stream.config.maxMessages, (await readAll(stream)).length], [50, kept])
  await opened.streams.alter('S', { maxBytes: 500, maxMessages: 0 })
  assert.equal(stream.info().partitions[0]!.sizeBytes <= 2000, true, 'only the segment that grows is left')
  await opened.streams.alter('S', { maxBytes: 0 })
  const before = (await readAll(stream)).length
  for (let round = 0; round < 100; round++) await publishAll(stream, ['x', 'x'])
  assert.equal((await readAll(stream)).length, before + 200)
  await opened.close()
})

test('what a disk refuses to remove is tried again, and the alteration stands', () =>
  simulate(2, async (world) => {
    const io = world.startNode('n')
    const { streams, close } = await openStreams(io, { limits: smallLimits })
    await streams.create('S', {})
    const stream = streams.require('S')
    for (let round = 0; round < 100; round++) await publishAll(stream, ['x', 'x'])
    world.disk('n').faults.add({ operation: 'write', path: /log-start/, error: 'failed' })
    assert.equal((await streams.alter('S', { maxMessages: 50 })).config.maxMessages, 50)
    await world.sleep(61_000)
    assert.equal((await readAll(stream)).length <= 50, true)
    await close()
  }))

const manySubjects = Array.from({ length: 512 }, () => 'x')

test('a limited stream keeps to its limit while it grows, without waiting for the next look', async () => {
  const { streams, close } = await openStreams()
  await streams.create('S', { maxMessages: 8192 })
  const stream = streams.require('S')
  for (let round = 1; round <= 60; round++) {
    await publishAll(stream, manySubjects)
    await new Promise(setImmediate)
    const [{ logStart, highWatermark }] = stream.info().partitions
    const kept = highWatermark - logStart
    assert.equal(kept <= 8192 + 2 * 1024, true, `${kept} are kept`)
    assert.equal(kept >= Math.min(round * 512, 8192 - 1024), true, `${kept} are kept after ${round} rounds`)
  }
  await close()
})

test('a limit that is younger than a large segment does not take more than it must', async () => {
  const { streams, close } = await openStreams()
  await streams.create('S', {})
  const stream = streams.require('S')
  const keptOffsets = (): number[] => {
    const [{ logStart, highWatermark }] = stream.info().partitions
    return [logStart, highWatermark]
  }
  for (let round = 0; round < 10; round++) await publishAll(stream, manySubjects)
  await streams.alter('S', { maxMessages: 1000 })
  assert.deepEqual(keptOffsets(), [0, 5120])
  await publishAll(stream, manySubjects)
  await streams.alter('S', {})
  assert.deepEqual(keptOffsets(), [0, 5632], 'the newest 1000 are not all in the new segment')
  await publishAll(stream, manySubjects)
  await streams.alter('S', {})
  assert.deepEqual(keptOffsets(), [5120, 6144])
  await close()
})
