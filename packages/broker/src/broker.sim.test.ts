// The broker in a simulated world: crashes in the middle of changes to the catalog, full disks, failed syncs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { Broker } from './broker.ts'
import { silentLogger } from './base/logger.ts'
import { EmbeddedMetadata } from './cluster/embedded-metadata.ts'
import type { Io } from './io/io.ts'
import { TailCache } from './log/tail-cache.ts'
import { publish } from './services/streams/publish.ts'
import { Streams } from './services/streams/streams.ts'
import { simulate } from './testing/sim-io.ts'
import type { SimWorld } from './testing/sim-io.ts'

const limits = {
  segmentBytes: 1024 * 1024,
  segmentMs: 3_600_000,
  indexIntervalBytes: 4096,
  unflushedBytesMax: 64 * 1024 * 1024,
  streamsMax: 100,
  retentionCheckMs: 60_000,
  producerExpirationMs: 86_400_000,
  compactionCheckMs: 15_000,
  compactionMapBytes: 1024 * 1024,
  partitionsMax: 16,
}

interface Opened {
  readonly metadata: EmbeddedMetadata
  readonly streams: Streams
}

async function open(io: Io): Promise<Opened> {
  const common = { io, logger: silentLogger, tail: new TailCache(0), wasClosedCleanly: false }
  const metadata = await EmbeddedMetadata.open({ ...common, directory: '/data/catalog', durability: 'fsync' })
  const rest = { metadata, leaderEpoch: 1, limits, onlyDurability: undefined }
  return { metadata, streams: await Streams.open({ ...common, ...rest, directory: '/data' }) }
}

function batchOf(key: string): Uint8Array {
  const builder = new RecordBatchBuilder()
  builder.add(1000, key, 'value')
  return builder.take()
}

/**
 * Changes that go on until the crash; what was confirmed of each stream: partitions, or that it was deleted.
 */
async function changeUntilCrash(
  { streams }: Opened,
  confirmed: Map<string, number>,
  doubtful: Set<string>,
): Promise<void> {
  for (let round = 0; ; round++) {
    const name = `S${round % 4}`
    const current = confirmed.get(name) ?? 0
    doubtful.add(name)
    if (current === 0) {
      await streams.create(name, { partitions: 1 + (round % 3) })
      confirmed.set(name, 1 + (round % 3))
      await publish(streams.require(name), [{ partition: 0, batch: batchOf('a') }])
    } else if (round % 3 === 0) {
      await streams.delete(name)
      confirmed.set(name, 0)
    } else {
      await streams.alter(name, { partitions: current + 1 })
      confirmed.set(name, current + 1)
    }
    doubtful.delete(name)
  }
}

async function crashInTheMiddle(world: SimWorld): Promise<number> {
  const mode = world.seed % 2 === 0 ? 'power' : 'kill'
  const confirmed = new Map<string, number>()
  let changes = 0
  for (let life = 0; life < 4; life++) {
    const doubtful = new Set<string>()
    const opened = await open(world.startNode('n'))
    for (const [name, partitions] of confirmed) {
      assert.equal(opened.streams.find(name)?.partitions.length ?? 0, partitions, name)
    }
    void changeUntilCrash(opened, confirmed, doubtful).catch(() => {})
    await world.sleep(5 + (world.host('c').random.u32() % 400) / 4)
    world.crash('n', mode)
    changes += confirmed.size
    const next = await open(world.startNode('n'))
    for (const name of doubtful) confirmed.delete(name)
    for (const { name, partitions } of next.streams.list()) {
      if (!confirmed.has(name)) confirmed.set(name, partitions.length)
    }
    const ids = new Set(next.streams.list().map(({ name }) => String(next.streams.require(name).id)))
    const folders = world
      .disk('n')
      .paths()
      .flatMap((path) => /^\/data\/streams\/(\d+)\//.exec(path)?.[1] ?? [])
    assert.deepEqual(
      folders.filter((id) => !ids.has(id)),
      [],
      'files of streams that do not exist',
    )
    world.crash('n', mode)
  }
  return changes
}

test('a crash in the middle of creating, growing or deleting leaves whole streams or none', async () => {
  let changes = 0
  for (let seed = 1; seed <= 120; seed++) changes += await simulate(seed, crashInTheMiddle)
  assert.ok(changes > 300, `only ${changes} changes were confirmed before a crash`)
})

test('a creation for which there is no room leaves nothing, and succeeds when there is', async () => {
  await simulate(7, async (world) => {
    const io = world.startNode('n')
    const { streams } = await open(io)
    await streams.create('A', {})
    const full = world.disk('n').faults.add({ operation: 'write', error: 'full', times: Infinity })
    await assert.rejects(streams.create('B', { partitions: 3 }))
    assert.equal(streams.find('B'), undefined)
    const left = world
      .disk('n')
      .paths()
      .filter((path) => path.startsWith('/data/streams/2'))
    assert.deepEqual(left, [], 'the refused creation left files')
    full.remove()
    await streams.create('B', { partitions: 3 })
    world.crash('n', 'power')
    const again = await open(world.startNode('n'))
    assert.deepEqual(
      again.streams.list().map(({ name }) => name),
      ['A', 'B'],
    )
  })
})

test('after a failed sync of the catalog nothing is confirmed before a restart', async () => {
  await simulate(8, async (world) => {
    const { streams } = await open(world.startNode('n'))
    await streams.create('A', {})
    world.disk('n').faults.add({ operation: 'sync', path: /catalog/, error: 'failed' })
    await assert.rejects(streams.create('B', {}), { code: 'io-failed' })
    await assert.rejects(streams.create('C', {}), { code: 'io-failed' })
    assert.deepEqual(
      streams.list().map(({ name }) => name),
      ['A'],
    )
    world.crash('n', 'power')
    const again = await open(world.startNode('n'))
    assert.ok(again.streams.find('A') !== undefined)
    assert.equal(again.streams.find('C'), undefined)
    await again.streams.create('C', {})
  })
})

test('a whole broker starts, serves a client in its process, and closes in virtual time', async () => {
  await simulate(9, async (world) => {
    for (let life = 1; life <= 2; life++) {
      const broker = await Broker.start({
        dataDir: '/data',
        io: world.startNode('n'),
        areInvariantsChecked: true,
      })
      const client = await broker.connect()
      await client.streams.create('S', {})
      assert.equal((await client.publish('S', 'a', 'x')).offset, life - 1)
      await broker.close()
      world.crash('n', 'kill')
    }
  })
})
