import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { readFrom } from '@sluice/protocol/native/publish-messages'
import type { ReadRequest } from '@sluice/protocol/native/publish-messages'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { realTimers } from '../../io/real-time.ts'
import { TailCache } from '../../log/tail-cache.ts'
import { fetch } from './fetch.ts'
import type { Fetched } from './fetch.ts'
import { memoryWorld, openStreams } from './open-streams.contract.ts'
import type { OpenedStreams } from './open-streams.contract.ts'
import { publish } from './publish.ts'
import type { Stream } from './stream.ts'

const never = new AbortController().signal

async function publishAt(stream: Stream, ...times: number[]): Promise<void> {
  for (const time of times) {
    const builder = new RecordBatchBuilder()
    builder.add(time, 'a', `at ${time}`)
    await publish(stream, [{ partition: 0, batch: builder.take() }])
  }
}

const waiting = { enter: () => {}, leave: () => {} }

function read(stream: Stream, request: Partial<ReadRequest>, signal: AbortSignal = never): Promise<Fetched> {
  const rest = { stream: stream.name, partition: 0, from: readFrom.offset, value: 0, bytesMax: 0, waitMs: 0 }
  return fetch(stream, { ...rest, ...request }, { timers: realTimers, signal, hold: () => {}, waiting })
}

function offsetsOf({ slices }: Fetched): number[] {
  const offsets: number[] = []
  for (const { bytes, start, end } of slices) {
    for (let at = start; at < end; at += batchSizeOf(bytes, at)) {
      offsets.push(...decodeRecords(bytes, at).map(({ offset }) => offset))
    }
  }
  return offsets
}

for (const [where, tailBytes] of [
  ['the tail cache', 1 << 20],
  ['the disk', 0],
] as const) {
  const withStream = async (
    body: (stream: Stream, opened: OpenedStreams) => Promise<void>,
  ): Promise<void> => {
    const opened = await openStreams(memoryWorld(), { tail: new TailCache(tailBytes) })
    await opened.streams.create('S', {})
    const stream = opened.streams.require('S')
    try {
      await body(stream, opened)
    } finally {
      await opened.close()
    }
  }

  test(`every place to start from, out of ${where}`, async () => {
    await withStream(async (stream) => {
      await publishAt(stream, 100, 200, 300, 400)
      const from = async (request: Partial<ReadRequest>): Promise<[number | undefined, number]> => {
        const fetched = await read(stream, request)
        return [offsetsOf(fetched)[0], fetched.nextOffset]
      }
      assert.equal((await from({ value: 2 }))[0], 2)
      assert.equal((await from({ from: readFrom.first }))[0], 0)
      assert.deepEqual(await from({ from: readFrom.last }), [3, 4])
      assert.deepEqual(await from({ from: readFrom.next }), [undefined, 4])
      assert.equal((await from({ from: readFrom.time, value: 201 }))[0], 2)
      assert.equal((await from({ from: readFrom.time, value: 200 }))[0], 1)
      assert.deepEqual(await from({ from: readFrom.time, value: 401 }), [undefined, 4])
      assert.deepEqual(await from({ value: 4 }), [undefined, 4])
      await assert.rejects(read(stream, { value: 5 }), { code: 'offset-out-of-range' })
      await assert.rejects(read(stream, { partition: 1 }), { code: 'unknown-partition' })
      await assert.rejects(read(stream, { from: 9 as 0 }), { code: 'invalid-request' })
    })
  })

  test(`following nextOffset gives every record once, out of ${where}`, async () => {
    await withStream(async (stream) => {
      await publishAt(stream, ...Array.from({ length: 40 }, (_, index) => index))
      const offsets: number[] = []
      let reads = 0
      for (let next = 0; next < 40; reads++) {
        const fetched = await read(stream, { value: next, bytesMax: 300 })
        offsets.push(...offsetsOf(fetched))
        assert.ok(fetched.nextOffset > next)
        next = fetched.nextOffset
      }
      assert.deepEqual(
        offsets,
        Array.from({ length: 40 }, (_, index) => index),
      )
      assert.ok(reads >= 8 && reads <= 20, `${reads} reads for 40 batches of about 80 bytes`)
      assert.equal(offsetsOf(await read(stream, { value: 0 })).length, 40)
    })
  })

  test(`a read at the end waits for the next record, out of ${where}`, async () => {
    await withStream(async (stream) => {
      await publishAt(stream, 1)
      const waiting = read(stream, { from: readFrom.next, waitMs: 10_000 })
      await publishAt(stream, 2)
      assert.deepEqual(offsetsOf(await waiting), [1])
    })
  })

  test(`a wait ends with its time, its stream, or its reader, out of ${where}`, async () => {
    await withStream(async (stream, { streams }) => {
      const startedMs = performance.now()
      assert.deepEqual(offsetsOf(await read(stream, { waitMs: 30 })), [])
      assert.ok(performance.now() - startedMs >= 29)
      const reader = new AbortController()
      const left = read(stream, { waitMs: 10_000 }, reader.signal)
      const deleted = read(stream, { waitMs: 10_000 })
      reader.abort(new BrokerError('aborted', 'The reader has gone'))
      await assert.rejects(left, { code: 'aborted' })
      const rejects = assert.rejects(deleted, { code: 'stream-deleted' })
      await streams.delete('S')
      await rejects
    })
  })
}
