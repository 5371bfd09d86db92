// How often what is left to the system's memory is synced: on files in memory that count.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { IoError } from '../../io/io.ts'
import type { FileSystem, Io } from '../../io/io.ts'
import { memoryWorld, openStreams } from './open-streams.contract.ts'
import { publish } from './publish.ts'
import type { Streams } from './streams.ts'

interface Scene {
  readonly streams: Streams
  readonly count: () => number
  readonly fail: () => void
  readonly close: () => Promise<void>
}

async function scene(config: Partial<StreamConfig>): Promise<Scene> {
  const world = memoryWorld()
  let syncs = 0
  let isFailing = false
  const open: FileSystem['open'] = async (path, options) => {
    const file = await world.files.open(path, options)
    if (!/streams.*\.log$/.test(path)) return file
    const sync = async (): Promise<void> => {
      syncs++
      if (isFailing) throw new IoError('failed', path, 'no sync')
      await file.sync()
    }
    return new Proxy(file, {
      get: (target, name) => {
        if (name === 'sync') return sync
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
  const files = new Proxy(world.files, {
    get: (target, name) => {
      if (name === 'open') return open
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const io: Io = { ...world, files }
  const { streams, close } = await openStreams(io)
  await streams.create('S', { durability: 'os', ...config })
  syncs = 0
  return { streams, close, count: () => syncs, fail: () => (isFailing = true) }
}

async function publishSome(streams: Streams, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const builder = new RecordBatchBuilder()
    builder.add(1000, 'k', 'v')
    await publish(streams.require('S'), [{ partition: 0, batch: builder.take() }])
  }
}

/** Until it is so, or the test has waited for too long. */
async function eventually(isSo: () => boolean): Promise<void> {
  for (let round = 0; !isSo(); round++) {
    assert.ok(round < 500, 'it does not come about')
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
  }
}

test('a stream that does not say is not synced', async () => {
  const { streams, count, close } = await scene({})
  await publishSome(streams, 20)
  assert.equal(count(), 0)
  await close()
})

test('all is synced after so many records, as often as there are', async () => {
  const { streams, count, close } = await scene({ flushMessages: 10 })
  await publishSome(streams, 9)
  assert.equal(count(), 0)
  await publishSome(streams, 1)
  await eventually(() => count() === 1)
  await publishSome(streams, 10)
  await eventually(() => count() === 2)
  await close()
})

test('a record is synced so long after it came, once for all that came with it', async () => {
  const { streams, count, close } = await scene({ flushMs: 30 })
  await publishSome(streams, 5)
  await eventually(() => count() > 0)
  const before = count()
  await publishSome(streams, 1)
  await eventually(() => count() > before)
  await close()
})

test('an alteration acts on what is there', async () => {
  const { streams, count, close } = await scene({})
  await publishSome(streams, 5)
  await streams.alter('S', { flushMessages: 5 })
  await eventually(() => count() === 1)
  await close()
})

test('a shorter time acts on what waits for a longer one', async () => {
  const { streams, count, close } = await scene({ flushMs: 3_600_000 })
  await publishSome(streams, 5)
  await streams.alter('S', { flushMs: 30 })
  await eventually(() => count() === 1)
  await close()
})

test('a sync that fails takes the partition offline, and is not tried for ever', async () => {
  const { streams, count, fail, close } = await scene({ flushMessages: 1 })
  fail()
  await publishSome(streams, 1)
  await eventually(() => streams.require('S').partitions[0]!.offline !== undefined)
  const before = count()
  await new Promise((resolve) => {
    setTimeout(resolve, 50)
  })
  assert.equal(count(), before)
  await assert.rejects(publishSome(streams, 1), { code: 'partition-offline' })
  await assert.rejects(close(), { code: 'partition-offline' })
})
