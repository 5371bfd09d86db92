// A log that meets no faults: places, groups, segments, reading.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { baseOffsetOf, batchSizeOf, leaderEpochOf } from '@sluice/protocol/record/record-batch'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { realIo } from '../io/real-io.ts'
import { simulate } from '../testing/sim-io.ts'
import { Log } from './log.ts'
import {
  batchOf,
  bound,
  listeningLogger,
  logOptions,
  memoryIo,
  readAll,
  resealed,
  seededRandom,
} from './log.fixture.ts'
import { TailCache } from './tail-cache.ts'

test('batches get dense offsets and their epoch in place, and are read back as they are', async () => {
  const log = await Log.open(memoryIo(), '/log', logOptions())
  assert.equal(log.append(batchOf(['a', 'b', 'c']), 7), 0)
  assert.equal(log.append(batchOf(['d']), 7), 3)
  assert.equal(log.logEnd, 4)
  assert.equal(log.durableEnd, 0, 'nothing is durable before the sync')
  await log.durable()
  assert.equal(log.durableEnd, 4)
  const { bytes, start, end, nextOffset } = await log.read(1, 10_000)
  assert.equal(baseOffsetOf(bytes, start), 0, 'the whole batch that contains the offset')
  assert.equal(leaderEpochOf(bytes, start), 7)
  assert.equal(nextOffset, 4)
  assert.equal(start + batchSizeOf(bytes, start) < end, true, 'and the ones behind it')
  assert.deepEqual(
    (await readAll(log)).map(({ value }) => value),
    ['a', 'b', 'c', 'd'],
  )
})

test('on a real disk, after a clean close and after none', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-log-'))
  try {
    const options = { segmentBytes: 600, indexIntervalBytes: 100 }
    let log = await Log.open(realIo(), `${directory}/p`, logOptions(options))
    for (let index = 0; index < 40; index++) log.append(batchOf([`value ${index}`]), 0)
    await log.durable()
    const before = await readAll(log)
    assert.equal(before.length, 40)
    await log.close()
    for (const wasClosedCleanly of [true, false]) {
      log = await Log.open(realIo(), `${directory}/p`, logOptions({ ...options, wasClosedCleanly }))
      assert.deepEqual(await readAll(log), before)
      assert.equal(log.logEnd, 40)
      await log.close()
    }
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('batches that come while the disk is busy share one write and one sync', () =>
  simulate(1, async (world) => {
    const log = await Log.open(world.startNode('n'), '/log', logOptions())
    const writes = world.disk('n').faults.add({ operation: 'write', path: /\.log$/, times: Infinity })
    const syncs = world.disk('n').faults.add({ operation: 'sync', path: /\.log$/, times: Infinity })
    log.append(batchOf(['first']), 0)
    await Promise.resolve()
    await Promise.resolve()
    const waits: Promise<void>[] = []
    for (let index = 0; index < 500; index++) {
      log.append(batchOf([`${index}`]), 0)
      waits.push(log.durable())
    }
    assert.equal(new Set(waits).size, 1, 'one promise for the whole group')
    await Promise.all(waits)
    assert.equal(log.durableEnd, 501)
    assert.deepEqual([writes.hits, syncs.hits], [2, 2])
  }))

test('`os` confirms without a sync, and syncs when it is closed', () =>
  simulate(2, async (world) => {
    const log = await Log.open(world.startNode('n'), '/log', logOptions({ durability: 'os' }))
    const syncs = world.disk('n').faults.add({ operation: 'sync', path: /\.log$/, times: Infinity })
    log.append(batchOf(['a']), 0)
    await log.durable()
    assert.equal(log.durableEnd, 1)
    assert.equal(syncs.hits, 0)
    await log.close()
    assert.equal(syncs.hits, 1)
  }))

test('segments roll by size and by age; the new file is in its folder before its records are confirmed', () =>
  simulate(3, async (world) => {
    const node = world.startNode('n')
    const log = await Log.open(node, '/log', logOptions({ segmentBytes: 300, segmentMs: 1000 }))
    const folderSyncs = world
      .disk('n')
      .faults.add({ operation: 'sync-directory', path: /\/log$/, times: Infinity })
    const segments = (): number =>
      world
        .disk('n')
        .paths()
        .filter((path) => path.endsWith('.log')).length
    for (let index = 0; index < 6; index++) log.append(batchOf(['x'.repeat(50)]), 0)
    await log.durable()
    assert.equal(segments(), 3)
    assert.equal(folderSyncs.hits, 2)
    await world.sleep(1001)
    log.append(batchOf(['a']), 0)
    await log.durable()
    assert.equal(segments(), 4)
    log.append(batchOf(['x'.repeat(1000)]), 0)
    await log.durable()
    assert.equal(segments(), 5, 'one batch may be larger than a segment')
    assert.equal((await readAll(log)).length, 8)
  }))

test('a group never spans two segments, whatever waits', async () => {
  const log = await Log.open(memoryIo(), '/log', logOptions({ segmentBytes: 500 }))
  const advances: number[] = []
  log.onAdvance(() => advances.push(log.durableEnd))
  for (let index = 0; index < 50; index++) log.append(batchOf(['x'.repeat(40)]), 0)
  await log.durable()
  assert.equal(advances.at(-1), 50)
  assert.equal(advances.length > 10, true)
  assert.equal((await readAll(log)).length, 50)
})

test('a read gives whole batches up to the bytes asked for, and at least one', async () => {
  const log = await Log.open(memoryIo(), '/log', logOptions())
  const sizes: number[] = []
  for (let index = 0; index < 200; index++) {
    const batch = batchOf(['v'.repeat(index * 7)])
    sizes.push(batch.length)
    log.append(batch, 0)
  }
  await log.durable()
  for (const bytesMax of [0, 1, 500, 5000, 1e6]) {
    for (let offset = 0; offset < 200; offset++) {
      const { start, end, nextOffset } = await log.read(offset, bytesMax)
      let wanted = sizes[offset]
      let last = offset + 1
      while (last < 200 && wanted + sizes[last] <= bytesMax) wanted += sizes[last++]
      assert.deepEqual(
        { size: end - start, nextOffset },
        { size: wanted, nextOffset: last },
        `${offset} ${bytesMax}`,
      )
    }
  }
})

test('offsets outside of the log are refused by name; at its end nothing is there yet', async () => {
  const log = await Log.open(memoryIo(), '/log', logOptions({ segmentBytes: 200 }))
  for (let index = 0; index < 10; index++) log.append(batchOf(['x'.repeat(50)]), 0)
  await log.durable()
  assert.deepEqual(await log.read(10, 100), { bytes: new Uint8Array(0), start: 0, end: 0, nextOffset: 10 })
  await log.truncateStart(5)
  assert.equal(log.logStart > 0 && log.logStart <= 5, true)
  for (const offset of [-1, log.logStart - 1, 11]) {
    await assert.rejects(
      log.read(offset, 100),
      (error) => error instanceof BrokerError && error.code === 'offset-out-of-range',
    )
  }
  assert.equal((await readAll(log)).length, 10 - log.logStart)
})

test('dropped segments stay dropped, and a log that was truncated does not count as damaged', async () => {
  const io = memoryIo()
  const options = { segmentBytes: 200 }
  let log = await Log.open(io, '/log', logOptions(options))
  for (let index = 0; index < 20; index++) log.append(batchOf(['x'.repeat(50)]), 0)
  await log.durable()
  await log.truncateStart(1000)
  const { logStart } = log
  assert.equal(logStart > 10, true, 'only the active segment is left')
  await log.close()
  log = await Log.open(io, '/log', logOptions(options))
  assert.deepEqual([log.logStart, log.logEnd, log.quarantined], [logStart, 20, []])
  assert.equal((await io.files.list('/log')).filter(({ name }) => name.endsWith('.log')).length, 1)
})

test('a time leads to the first record that is not older', async () => {
  const random = seededRandom(11)
  const io = memoryIo()
  const options = { segmentBytes: 3000, indexIntervalBytes: 200 }
  let log = await Log.open(io, '/log', logOptions(options))
  const times: number[] = []
  for (let batch = 0; batch < 150; batch++) {
    const builder = new RecordBatchBuilder()
    for (let record = random(4); record >= 0; record--) {
      // Mostly forward, sometimes back, often the same.
      const time = 10_000 + Math.floor(batch / 5) * 100 + random(3) * 40 - random(2) * 90
      times.push(time)
      builder.add(time, 'k', 'v')
    }
    log.append(builder.take(), 0)
  }
  await log.durable()
  const check = async (): Promise<void> => {
    for (let time = 9_800; time < 13_400; time += 13) {
      const first = times.findIndex((at) => at >= time)
      assert.equal(await log.offsetForTime(time), first < 0 ? times.length : first, `${time}`)
    }
  }
  await check()
  await log.close()
  log = await Log.open(io, '/log', logOptions({ ...options, wasClosedCleanly: true }))
  await check()
})

test('timestamps of any 64 bits do no harm', async () => {
  const io = memoryIo()
  let log = await Log.open(io, '/log', logOptions({ segmentBytes: 400, indexIntervalBytes: 70 }))
  for (let index = 0; index < 12; index++) {
    const batch = batchOf(['x'])
    batch.fill(index % 2 === 0 ? 0x7f : 0x80, 35, 36)
    batch.fill(0xff, 36, 43)
    resealed(batch)
    log.append(batch, 0)
  }
  await log.durable()
  await log.close()
  const logger = listeningLogger()
  log = await Log.open(io, '/log', logOptions({ segmentBytes: 400, wasClosedCleanly: true, logger }))
  assert.equal((await readAll(log)).length, 12)
  assert.equal(await log.offsetForTime(2_000), 12, 'no record is as young as the headers say')
  assert.deepEqual(logger.lines, [])
})

test('the tail cache serves durable batches only, is bounded, forgets the oldest of all', async () => {
  const tail = new TailCache(1000)
  const io = memoryIo()
  const one = await Log.open(io, '/one', logOptions({ tail }))
  const two = await Log.open(io, '/two', logOptions({ tail }))
  const batch = batchOf(['x'.repeat(150)])
  const size = batch.length
  one.append(batch, 0)
  assert.equal(one.readCached(0), undefined)
  await one.durable()
  const slice = one.readCached(0)
  assert.equal(slice?.nextOffset, 1)
  assert.equal(tail.sizeBytes, size)
  for (let index = 0; index < 3; index++) {
    two.append(batchOf(['x'.repeat(150)]), 0)
    await two.durable()
  }
  assert.equal(tail.sizeBytes, 4 * size)
  one.append(batchOf(['x'.repeat(150)]), 0)
  await one.durable()
  assert.equal(tail.sizeBytes <= 1000, true)
  assert.equal(one.readCached(0), undefined, 'the oldest went first')
  assert.notEqual(two.readCached(0), undefined)
  assert.notEqual(one.readCached(1), undefined)
  await two.close()
  assert.equal(tail.sizeBytes, size, 'a closed log gives its part back')
  const read = await one.read(0, 100)
  assert.equal(read.nextOffset, 1, 'what is forgotten comes from disk')
  assert.equal(Buffer.compare(read.bytes.subarray(read.start, read.end), batch), 0)
})

test('a small batch in a large buffer does not pin the buffer', async () => {
  const tail = new TailCache(1e6)
  const log = await Log.open(memoryIo(), '/log', logOptions({ tail }))
  const batch = batchOf(['a'])
  const large = new Uint8Array(100_000)
  large.set(batch)
  log.append(large.subarray(0, batch.length), 0)
  await log.durable()
  assert.equal(log.readCached(0)?.bytes.buffer.byteLength, batch.length)
})

test('a closed log takes no more; what was pending was made durable', async () => {
  const io = memoryIo()
  const log = await Log.open(io, '/log', logOptions())
  log.append(batchOf(['a']), 0)
  await log.close()
  assert.throws(
    () => log.append(batchOf(['b']), 0),
    (error) => error instanceof BrokerError && error.code === 'stopping',
  )
  const again = await Log.open(io, '/log', logOptions({ wasClosedCleanly: true }))
  assert.equal(again.logEnd, 1)
  await assert.rejects(log.read(0, 100), /is closed/)
})

test('files of many segments are not all kept open', async () => {
  const io = memoryIo()
  let open = 0
  let openMax = 0
  const files = {
    ...bound(io.files),
    open: async (path: string, options: { create: boolean }) => {
      const file = await io.files.open(path, options)
      open++
      openMax = Math.max(openMax, open)
      const methods = bound(file)
      return Object.assign(Object.create(file), methods, {
        close: async () => {
          open--
          await methods.close()
        },
      })
    },
  }
  const log = await Log.open({ ...io, files }, '/log', logOptions({ segmentBytes: 200 }))
  for (let index = 0; index < 200; index++) log.append(batchOf(['x'.repeat(50)]), 0)
  await log.durable()
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => log.read(index * 2, 100)))
    assert.equal(open <= 5, true, `${open} files are open`)
  }
  await log.close()
  assert.equal(open, 0)
  assert.equal(openMax > 5, true, 'the test would have seen more')
})
