// Progress on its way to other homes, with power losses and kills at any moment: whatever start completes has
// all of it, each consumer's at its home alone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import { openCatalog } from '../../cluster/open-catalog.ts'
import { Placement } from '../../cluster/placement.ts'
import type { Io } from '../../io/io.ts'
import { TailCache } from '../../log/tail-cache.ts'
import { simulate } from '../../testing/sim-io.ts'
import type { SimWorld } from '../../testing/sim-io.ts'
import { newStreamConfig } from '../streams/stream-config.ts'
import { StreamCatalog } from '../streams/stream-catalog.ts'
import { newConsumerConfig } from './consumer-config.ts'
import { ConsumerCatalog } from './consumer-catalog.ts'
import { placeProgress } from './progress-migration.ts'
import { progressDirectory, progressRoot } from './progress-places.ts'
import { ProgressStore } from './progress/progress-store.ts'

const dataDir = '/data'
const bounds = {
  segmentBytes: 1024 * 1024,
  segmentMs: 3_600_000,
  indexIntervalBytes: 4096,
  compactBytesMin: 4000,
}
const logger = silentLogger
const durabilities = ['fsync', 'os'] as const
const streamBounds = { partitionsMax: 16, onlyDurability: undefined }

interface Known {
  readonly id: number
  readonly name: string
  readonly stream: { readonly id: number; readonly firstPartitions: number }
  readonly durability: (typeof durabilities)[number]
  readonly settled: Set<number>
  failures: number
}

const journal = (): ProgressOptions => ({
  ...bounds,
  tail: new TailCache(0),
  logger,
  wasClosedCleanly: false,
})
type ProgressOptions = Parameters<typeof placeProgress>[0]['journal']

async function start(io: Io, nodeCount: number): Promise<() => Promise<void>> {
  const ground = { io, logger, path: dataDir, wasClosedCleanly: false, isInMemory: false }
  const { metadata } = await openCatalog(ground)
  await placeProgress({ io, dataDir, metadata, journal: journal(), logger, nodeCount })
  return () => metadata.close()
}

function openStore(io: Io, node: number, nodeCount: number): Promise<ProgressStore> {
  const directory = progressDirectory(dataDir, node, nodeCount)
  return ProgressStore.open({ io, directory, logger, journal: journal(), isInMemory: false })
}

async function makeConsumers(io: Io): Promise<Known[]> {
  const ground = { io, logger, path: dataDir, wasClosedCleanly: false, isInMemory: false }
  const { metadata } = await openCatalog(ground)
  const streams = new StreamCatalog(metadata)
  const consumers = new ConsumerCatalog(metadata)
  const known: Known[] = []
  for (const [at, durability] of [...durabilities, ...durabilities].entries()) {
    const stream = `S${at}`
    const config = newStreamConfig({ partitions: 3, durability }, streamBounds)
    const identity = { id: at + 1, name: stream, createdAt: 'now', firstPartitions: 3 }
    assert.ok(await streams.add(identity, config))
    for (const name of ['one', 'two', 'three', 'four']) {
      const id = await consumers.reserveId()
      await consumers.add({
        id,
        stream,
        name,
        createdAt: 'now',
        config: newConsumerConfig(stream, {}),
        pauses: [],
      })
      known.push({ id, name, stream: identity, durability, settled: new Set(), failures: 0 })
    }
  }
  await metadata.close()
  return known
}

/** What a life with so many nodes does: checks that it has all there is, and adds to it. */
async function live(world: SimWorld, io: Io, known: readonly Known[], nodeCount: number): Promise<void> {
  const { random } = world.scheduler
  for (let node = 0; node < nodeCount; node++) {
    const placement = new Placement(node, nodeCount)
    const store = await openStore(io, node, nodeCount)
    for (const { id, name, stream, durability, settled, ...rest } of known) {
      const { image, ...writer } = opened(store, durability, id)
      const found = Array.from({ length: 100 }, (_, offset) => offset).filter((offset) =>
        image.settled.has(offset),
      )
      const isHome = placement.homeOf(stream, name) === node
      const place = `consumer ${id} at ${node} of ${nodeCount}, seed ${world.seed}`
      assert.deepEqual(found, isHome ? [...settled].toSorted((a, b) => a - b) : [], place)
      assert.equal(image.retries.failuresOf(100), isHome ? rest.failures : 0, place)
      if (!isHome) continue
      const offset = random.int(0, 99)
      settled.add(offset)
      writer.settle(offset)
      const one = known.find((consumer) => consumer.id === id)!
      one.failures++
      writer.retry(one.failures)
    }
    await store.sync()
    await store.close()
  }
}

function opened(
  store: ProgressStore,
  durability: (typeof durabilities)[number],
  id: number,
): Pick<ReturnType<ProgressStore['attach']>, 'image'> & {
  settle: (offset: number) => void
  retry: (failures: number) => void
} {
  const writer = store.attach(durability, id, 1)
  return {
    image: writer.image,
    settle: (offset) => {
      writer.image.settled.add(offset)
      writer.settled(offset)
    },
    retry: (failures) => writer.retry(100, { failures, dueWallMs: 0, waitMs: 0 }),
  }
}

/** About what a start takes here, so that its whole length is interrupted now and then. */
const startMsMax = 120
const interruptionsMax = 4

/** Starts until a start is not interrupted by the death of the machine or the process. */
async function startThrough(world: SimWorld, nodeCount: number): Promise<{ io: Io; interruptions: number }> {
  const { random } = world.scheduler
  for (let interruptions = 0; ; interruptions++) {
    const io = world.startNode('n')
    const outcome = Promise.withResolvers<'started' | 'crashed'>()
    const started = start(io, nodeCount).then(async (close) => {
      await close()
      outcome.resolve('started')
    })
    started.catch(outcome.reject)
    if (interruptions < interruptionsMax) {
      void world.sleep(random.between(0, startMsMax)).then(() => outcome.resolve('crashed'))
    }
    if ((await outcome.promise) === 'started') return { io, interruptions }
    world.crash('n', random.chance(0.5) ? 'kill' : 'power')
  }
}

test('wherever it is interrupted, progress is whole at its next homes (20 seeds)', async () => {
  let interrupted = 0
  for (let seed = 0; seed < 20; seed++) {
    await simulate(seed, async (world) => {
      const first = world.startNode('n')
      const known = await makeConsumers(first)
      await live(world, first, known, 1)
      world.crash('n', 'power')
      for (const nodeCount of [3, 2, 1, 4]) {
        const { io, interruptions } = await startThrough(world, nodeCount)
        interrupted += interruptions
        await live(world, io, known, nodeCount)
        const folders = (await io.files.list(progressRoot(dataDir))).map(({ name }) => name)
        assert.deepEqual(folders.toSorted(), nodeCount === 1 ? ['fsync', 'os'] : [`shards-${nodeCount}`])
        world.crash('n', world.scheduler.random.chance(0.5) ? 'kill' : 'power')
      }
    })
  }
  assert.ok(interrupted > 80, `${interrupted} interruptions`)
})
