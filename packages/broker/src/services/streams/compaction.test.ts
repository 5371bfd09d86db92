// Streams that keep the newest record of each key, with the service that sees to it: on memory and time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { openStreams, testLimits } from './open-streams.contract.ts'
import { publish } from './publish.ts'
import type { Stream } from './stream.ts'

const limits = { ...testLimits, compactionCheckMs: 10 }

async function publishOne(stream: Stream, subject: string, value: string | null): Promise<void> {
  const builder = new RecordBatchBuilder()
  builder.add(1000, subject, value)
  await publish(stream, [{ partition: 0, batch: builder.take() }])
}

async function subjectsOf(stream: Stream): Promise<string[]> {
  const partition = stream.partitions[0]!
  const found: string[] = []
  for (let offset = partition.logStart; offset < partition.highWatermark;) {
    const { bytes, start, end, nextOffset } = await partition.read(offset, 10_000)
    for (let at = start; at < end; at += batchSizeOf(bytes, at)) {
      for (const record of decodeRecords(bytes, at)) found.push(`${record.offset}${record.subject}`)
    }
    offset = nextOffset
  }
  return found
}

/** Until it is so, or the test has waited for too long. */
async function eventually(stream: Stream, expected: readonly string[]): Promise<void> {
  let last: string[] = []
  for (let round = 0; round < 300; round++) {
    last = await subjectsOf(stream)
    if (last.join() === expected.join()) return
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
  }
  assert.deepEqual(last, expected)
}

test('a stream that is compacted keeps the newest of each subject, and its active segment', async () => {
  const { streams, close } = await openStreams(undefined, { limits })
  await streams.create('S', { cleanupPolicy: 'compact', segmentBytes: 1024, minCleanableDirtyRatio: 0.1 })
  const stream = streams.require('S')
  for (let round = 0; round < 10; round++) {
    for (const subject of ['a', 'b', 'c']) await publishOne(stream, subject, `${round}`.repeat(20))
  }
  // 91 bytes each: segments of 11 and 11 are closed, 8 are in the active one.
  await eventually(stream, ['19b', '20c', '21a', ...(await subjectsOf(stream)).slice(-8)])
  await close()
})

test('what is too young waits, and what is too old does not wait for its segment to fill', async () => {
  const { streams, close } = await openStreams(undefined, { limits })
  await streams.create('S', { cleanupPolicy: 'compact', minCompactionLagMs: Number.MAX_SAFE_INTEGER })
  const stream = streams.require('S')
  for (const subject of ['a', 'b', 'a']) await publishOne(stream, subject, 'x')
  await eventually(stream, ['0a', '1b', '2a'])
  await streams.alter('S', { minCompactionLagMs: 0, maxCompactionLagMs: 1 })
  await eventually(stream, ['1b', '2a'])
  await close()
})

test('a stream begins to be compacted when it is altered, and tombstones go after their time', async () => {
  const { streams, close } = await openStreams(undefined, { limits })
  await streams.create('S', { deleteRetentionMs: 0, maxCompactionLagMs: 1 })
  const stream = streams.require('S')
  await publishOne(stream, 'a', 'x')
  await publishOne(stream, 'a', null)
  await publishOne(stream, 'b', 'x')
  await new Promise((resolve) => {
    setTimeout(resolve, 50)
  })
  assert.deepEqual(await subjectsOf(stream), ['0a', '1a', '2b'])
  await streams.alter('S', { cleanupPolicy: 'compact' })
  await eventually(stream, ['2b'])
  await close()
})

test('streams are closed and deleted while they are compacted', async () => {
  const { streams, close } = await openStreams(undefined, { limits })
  for (const name of ['S', 'T']) {
    await streams.create(name, { cleanupPolicy: 'compact', segmentBytes: 1024, minCleanableDirtyRatio: 0 })
    for (let round = 0; round < 50; round++) await publishOne(streams.require(name), `k${round % 7}`, 'x')
  }
  await streams.alter('S', { minCleanableDirtyRatio: 0.01 })
  await streams.delete('S')
  await streams.alter('T', { minCleanableDirtyRatio: 0.01 })
  await close()
})
