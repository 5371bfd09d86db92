// Reads of several partitions at once: what is read from disk for them is about what they get.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { LedPartition } from '../../cluster/partition.ts'
import { TailCache } from '../../log/tail-cache.ts'
import { bytesArrive, readPartitions } from './fetch-many.ts'
import type { PartitionOutcome, PartitionRead } from './fetch-many.ts'
import { memoryWorld, openStreams } from './open-streams.contract.ts'
import { publish } from './publish.ts'

test('when a batch has no place in the answer no other partition is read from disk', async (t) => {
  const { streams, close } = await openStreams(memoryWorld(), { tail: new TailCache(0) })
  await streams.create('S', { partitions: 10 })
  const stream = streams.require('S')
  const reads: PartitionRead[] = []
  for (const partition of stream.partitions) {
    const builder = new RecordBatchBuilder()
    builder.add(1000, 'k', 'x'.repeat(1000))
    await publish(stream, [{ partition: partition.index, batch: builder.take() }])
    reads.push({ stream, partition: partition as LedPartition, offset: 0, bytesMax: 10_000 })
  }
  const lend = t.mock.method(LedPartition.prototype, 'lend')
  const given = (outcomes: readonly PartitionOutcome[]): number[] =>
    outcomes.flatMap(({ slices }, at) => (slices.length > 0 ? [at] : []))
  assert.deepEqual(given(await readPartitions(reads, 2500, 3)), [3, 4])
  assert.equal(lend.mock.callCount(), 3)
  const [first, ...others] = reads
  const small = { ...first!, bytesMax: 10 }
  lend.mock.resetCalls()
  // Its own bound is no word on what the others may have.
  assert.deepEqual(given(await readPartitions([...others, small], 100_000, 0)).length, 9)
  assert.deepEqual(given(await readPartitions([others[0]!, small, others[1]!], 100_000, 0)), [0, 2])
  await close()
})

test('what comes to one partition is looked for there alone, however many are waited for', async (t) => {
  const { streams, io, close } = await openStreams(memoryWorld())
  await streams.create('S', { partitions: 16 })
  const stream = streams.require('S')
  const reads = stream.partitions.map((partition) => {
    return { stream, partition: partition as LedPartition, offset: 0, bytesMax: 10_000 }
  })
  const { signal } = new AbortController()
  let hasCome = false
  const wait = bytesArrive(reads, { bytesMin: 2500, waitMs: 60_000, timers: io.timers, signal })
  const waiting = wait.then(() => (hasCome = true))
  const looked = t.mock.getter(LedPartition.prototype, 'highWatermark')
  for (const partition of [7, 7, 9]) {
    assert.equal(hasCome, false)
    looked.mock.resetCalls()
    const builder = new RecordBatchBuilder()
    builder.add(1000, 'k', 'x'.repeat(1000))
    await publish(stream, [{ partition, batch: builder.take() }])
    const others = looked.mock.calls.filter((call) => (call.this as LedPartition).index !== partition)
    assert.equal(others.length, 0)
  }
  await waiting
  await close()
})
