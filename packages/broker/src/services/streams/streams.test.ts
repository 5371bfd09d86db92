import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import type { Stream } from './stream.ts'
import { memoryWorld, openStreams, testLimits } from './open-streams.contract.ts'
import { publish } from './publish.ts'

async function publishOne(stream: Stream, partition = 0): Promise<number> {
  const builder = new RecordBatchBuilder()
  builder.add(1000, 'a.b', 'value')
  const [part] = await publish(stream, [{ partition, batch: builder.take() }])
  return part!.baseOffset
}

test('a stream has the defaults that were not named', async () => {
  const { streams, close } = await openStreams()
  const { config, name, partitions } = await streams.create('ORDERS', { subjects: ['orders.>'] })
  assert.deepEqual(config, {
    subjects: ['orders.>'],
    partitions: 1,
    durability: 'fsync',
    messageBytesMax: 1024 * 1024,
    maxAgeMs: 0,
    maxBytes: 0,
    maxMessages: 0,
    cleanupPolicy: 'delete',
    segmentBytes: 0,
    segmentMs: 0,
    minCompactionLagMs: 0,
    maxCompactionLagMs: 0,
    minCleanableDirtyRatio: 0.5,
    deleteRetentionMs: 86_400_000,
    compressionType: 'producer',
    timestampType: 'create',
    timestampBeforeMaxMs: 0,
    timestampAfterMaxMs: 0,
    minInsyncReplicas: 1,
    flushMessages: 0,
    flushMs: 0,
    kafkaConfigs: [],
  })
  assert.equal(name, 'ORDERS')
  assert.deepEqual(partitions, [
    { partition: 0, logStart: 0, highWatermark: 0, sizeBytes: 0, quarantined: 0 },
  ])
  await close()
})

test('creating again is harmless, with another configuration an error that names it', async () => {
  const { streams, close } = await openStreams()
  const first = await streams.create('S', { partitions: 2 })
  assert.deepEqual(await streams.create('S', { partitions: 2, subjects: ['>'] }), first)
  await assert.rejects(streams.create('S', { partitions: 3 }), {
    code: 'stream-exists',
    message: /'partitions' is 2, not 3/,
  })
  await close()
})

test('of two creations at once one wins and the other sees it', async () => {
  const { streams, io, close } = await openStreams()
  const [one, other, different] = await Promise.allSettled([
    streams.create('S', {}),
    streams.create('S', {}),
    streams.create('S', { partitions: 2 }),
  ])
  assert.equal(one.status, 'fulfilled')
  assert.deepEqual(other, one)
  assert.equal(different.status, 'rejected')
  assert.deepEqual(
    (await io.files.list('/data/streams')).map(({ name }) => name),
    ['1'],
  )
  await close()
})

for (const [name, isValid] of Object.entries({
  ORDERS: true,
  'a.b-c_d9': true,
  '': false,
  '.': false,
  '..': false,
  'a b': false,
  'a/b': false,
  é: false,
  ['x'.repeat(200)]: true,
  ['x'.repeat(201)]: false,
})) {
  const shown = JSON.stringify(name.slice(0, 10))
  test(`${isValid ? 'takes' : 'refuses'} the name ${shown} of ${name.length}`, async () => {
    const { streams, close } = await openStreams()
    const created = streams.create(name, {})
    if (isValid) assert.equal((await created).name, name)
    else await assert.rejects(created, { code: 'invalid-stream-name' })
    await close()
  })
}

for (const [config, text] of [
  [{ partitions: 0 }, /'partitions' must be >= 1/],
  [{ partitions: 17 }, /'partitions' must be <= 16/],
  [{ partitions: 1.5 }, /'partitions'/],
  [{ messageBytesMax: 0 }, /'messageBytesMax'/],
  [{ maxAgeMs: -1 }, /'maxAgeMs'/],
  [{ maxBytes: 1.5 }, /'maxBytes'/],
  [{ maxMessages: Infinity }, /'maxMessages'/],
  [{ durability: 'disk' }, /'durability' must be one of "fsync", "os", "memory"/],
  [{ subjects: [] }, /'subjects'/],
  [{ subjects: 'a' }, /'subjects' must be array/],
  [{ retention: 5 }, /no property 'retention'/],
] as const) {
  test(`refuses ${JSON.stringify(config)} and names the property`, async () => {
    const { streams, close } = await openStreams()
    await assert.rejects(streams.create('S', config as object), {
      code: 'invalid-stream-config',
      message: text,
    })
    assert.deepEqual(streams.list(), [])
    await close()
  })
}

test('a pattern among the subjects that cannot be read is named', async () => {
  const { streams, close } = await openStreams()
  await assert.rejects(streams.create('S', { subjects: ['ok.>', 'a..b'] }), {
    code: 'invalid-pattern',
    message: /a\.\.b/,
  })
  await close()
})

test('streams, their records and their order of ids survive a restart', async () => {
  const io = memoryWorld()
  const first = await openStreams(io)
  await first.streams.create('A', { partitions: 2 })
  await first.streams.create('B', {})
  await publishOne(first.streams.require('A'), 1)
  await first.streams.delete('B')
  await first.close()
  const second = await openStreams(io)
  assert.deepEqual(
    second.streams.list().map(({ name }) => name),
    ['A'],
  )
  assert.equal(second.streams.require('A').partitions[1]!.highWatermark, 1)
  await second.streams.create('C', {})
  assert.equal(second.streams.require('C').id, 3)
  await second.close()
})

test('a deleted stream is gone with its files and its consumers, and its name is free', async () => {
  const { streams, metadata, io, close } = await openStreams()
  await streams.create('S', {})
  const stream = streams.require('S')
  await publishOne(stream)
  await metadata.commit({
    puts: [
      { key: 'consumers/S/c', value: '{}' },
      { key: 'consumers/S2/c', value: '{}' },
    ],
  })
  const told: string[] = []
  streams.onDelete(async ({ name }) => void told.push(name))
  await streams.delete('S')
  assert.deepEqual(told, ['S'])
  assert.throws(() => streams.require('S'), { code: 'unknown-stream' })
  assert.deepEqual(
    (await metadata.list('consumers/')).map(({ key }) => key),
    ['consumers/S2/c'],
  )
  assert.deepEqual(await io.files.list('/data/streams'), [])
  await assert.rejects(publishOne(stream), { code: 'stream-deleted' })
  await assert.rejects(streams.delete('S'), { code: 'unknown-stream' })
  await streams.create('S', {})
  assert.equal(await publishOne(streams.require('S')), 0)
  await close()
})

test('alter changes subjects and sizes at once and adds partitions', async () => {
  const io = memoryWorld()
  const { streams, close } = await openStreams(io)
  await streams.create('S', { subjects: ['x.>'] })
  const stream = streams.require('S')
  await assert.rejects(publishOne(stream), { code: 'subject-not-in-stream' })
  const altered = await streams.alter('S', { subjects: ['a.>'], partitions: 3, messageBytesMax: 100 })
  assert.equal(altered.partitions.length, 3)
  assert.equal(await publishOne(stream, 2), 0)
  await close()
  const again = await openStreams(io)
  assert.deepEqual(again.streams.require('S').config, altered.config)
  assert.equal(again.streams.require('S').partitions[2]!.highWatermark, 1)
  await again.close()
})

test('alter refuses what cannot be, and changes nothing', async () => {
  const { streams, close } = await openStreams()
  const before = await streams.create('S', { partitions: 2 })
  const refused = { code: 'invalid-stream-config' }
  await assert.rejects(streams.alter('S', { partitions: 1 }), { ...refused, message: /can only grow/ })
  await assert.rejects(streams.alter('S', { durability: 'os' }), {
    ...refused,
    message: /cannot be changed from fsync/,
  })
  await assert.rejects(streams.alter('none', {}), { code: 'unknown-stream' })
  assert.deepEqual(streams.require('S').info(), before)
  await close()
})

test('a stream in memory is empty after a restart and leaves no files', async () => {
  const io = memoryWorld()
  const first = await openStreams(io)
  await first.streams.create('M', { durability: 'memory' })
  await publishOne(first.streams.require('M'))
  assert.equal(first.streams.require('M').partitions[0]!.highWatermark, 1)
  await first.close()
  const second = await openStreams(io)
  assert.equal(second.streams.require('M').partitions[0]!.highWatermark, 0)
  assert.deepEqual(await io.files.list('/data/streams').catch(() => []), [])
  await second.close()
})

test('files and consumers that belong to no stream are removed at start', async () => {
  const io = memoryWorld()
  const first = await openStreams(io)
  await first.streams.create('S', {})
  await first.metadata.commit({ puts: [{ key: 'consumers/gone/c', value: '{}' }] })
  await first.close()
  for (const orphan of ['/data/streams/2/0', '/data/streams/1/1']) await io.files.makeDirectory(orphan)
  const second = await openStreams(io)
  assert.deepEqual(
    (await io.files.list('/data/streams')).map(({ name }) => name),
    ['1'],
  )
  assert.deepEqual(
    (await io.files.list('/data/streams/1')).map(({ name }) => name),
    ['0'],
  )
  assert.deepEqual(await second.metadata.list('consumers/'), [])
  await second.close()
})

test('a log that is missing stops the start instead of becoming an empty one', async () => {
  const io = memoryWorld()
  const first = await openStreams(io)
  await first.streams.create('S', {})
  await first.close()
  await io.files.removeDirectory('/data/streams/1/0')
  await assert.rejects(openStreams(io), { code: 'corrupt-log', message: /stream S, partition 0/ })
})

test('there is a limit to streams', async () => {
  const { streams, close } = await openStreams(memoryWorld(), { limits: { ...testLimits, streamsMax: 1 } })
  await streams.create('A', {})
  await assert.rejects(streams.create('B', {}), { code: 'too-many-streams', message: /limit/ })
  await streams.delete('A')
  await streams.create('B', {})
  await close()
})

test('what a stream keeps and how is altered, and what contradicts is refused with its name', async () => {
  const world = await openStreams()
  await world.streams.create('S', { cleanupPolicy: 'compact', minCleanableDirtyRatio: 0.1 })
  const { config } = await world.streams.alter('S', { segmentBytes: 4096, maxCompactionLagMs: 500 })
  assert.equal(config.minCleanableDirtyRatio, 0.1)
  for (const [changes, name] of [
    [{ segmentBytes: 100 }, 'segmentBytes'],
    [{ minCompactionLagMs: 501 }, 'maxCompactionLagMs'],
    [{ minInsyncReplicas: 2 }, 'minInsyncReplicas'],
    [{ minCleanableDirtyRatio: 1.1 }, 'minCleanableDirtyRatio'],
    [{ cleanupPolicy: 'never' as 'delete' }, 'cleanupPolicy'],
  ] as const) {
    const expected = { code: 'invalid-stream-config', message: new RegExp(`'${name}'`) }
    await assert.rejects(world.streams.alter('S', changes), expected)
  }
  await world.close()
  const again = await openStreams(world.io)
  assert.deepEqual(again.streams.require('S').config, config)
  await again.close()
})

test('the size of segments is that of their stream, from its alteration on', async () => {
  const { io, streams, close } = await openStreams()
  await streams.create('S', { segmentBytes: 1024 })
  const files = async (): Promise<number> =>
    (await io.files.list('/data/streams/1/0')).filter(({ name }) => name.endsWith('.log')).length
  const publishMany = async (): Promise<void> => {
    for (let count = 0; count < 30; count++) await publishOne(streams.require('S'))
  }
  await publishMany()
  const small = await files()
  assert.equal(small >= 2, true, `${small} segments`)
  await streams.alter('S', { segmentBytes: 0 })
  await publishMany()
  assert.equal(await files(), small)
  await close()
})

test('with compaction alone no limit of age or number acts', async () => {
  const { streams, close } = await openStreams()
  await streams.create('S', { cleanupPolicy: 'compact', maxAgeMs: 1 })
  await publishOne(streams.require('S'))
  const kept = await streams.alter('S', { maxMessages: 1 })
  assert.equal(kept.partitions[0]!.logStart, 0)
  const dropped = await streams.alter('S', { cleanupPolicy: 'compact,delete' })
  assert.equal(dropped.partitions[0]!.logStart, 1)
  await close()
})
