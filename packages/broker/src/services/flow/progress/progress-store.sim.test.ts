// The progress journal while it is compacted: others have their turn, and a crash at any time loses nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../../base/logger.ts'
import type { Io } from '../../../io/io.ts'
import { TailCache } from '../../../log/tail-cache.ts'
import { simulate } from '../../../testing/sim-io.ts'
import type { SimWorld } from '../../../testing/sim-io.ts'
import type { ProgressImage } from './progress-codec.ts'
import { ProgressStore } from './progress-store.ts'
import type { ProgressWriter } from './progress-store.ts'

const writerCount = 20
/** Every other one of these is settled before anything else, so that a snapshot takes many turns. */
const filledOffsets = 8000

function openStore(io: Io): Promise<ProgressStore> {
  const bounds = { segmentBytes: 1024 * 1024, segmentMs: 3_600_000, indexIntervalBytes: 4096 }
  const logging = { tail: new TailCache(0), logger: silentLogger, wasClosedCleanly: false }
  const journal = { ...bounds, ...logging, compactBytesMin: 2000 }
  return ProgressStore.open({ io, directory: '/p', logger: silentLogger, journal, isInMemory: false })
}

/** One partition of a consumer, as it is and as it was when that was last confirmed. */
class Track {
  readonly id: number
  readonly writer: ProgressWriter
  /** Offsets whose settling is confirmed. */
  readonly confirmed = new Set<number>()
  isRemoved = false

  constructor(id: number, writer: ProgressWriter) {
    this.id = id
    this.writer = writer
    for (let offset = 1; offset < filledOffsets; offset += 2) this.settle(offset)
  }

  settle(offset: number): void {
    this.writer.image.settled.add(offset)
    this.writer.image.retries.remove(offset)
    this.writer.settled(offset)
  }

  fail(offset: number): void {
    const { settled, retries } = this.writer.image
    if (settled.has(offset)) return
    const retry = { failures: retries.failuresOf(offset) + 1, dueWallMs: 0, waitMs: 0 }
    retries.set(offset, retry)
    this.writer.retry(offset, retry)
  }

  remove(): void {
    this.isRemoved = true
    this.writer.remove()
  }

  async confirm(): Promise<void> {
    const before = settledOf(this.writer.image)
    await this.writer.durable()
    for (const offset of before) this.confirmed.add(offset)
  }
}

function settledOf({ settled }: ProgressImage): number[] {
  return Array.from({ length: filledOffsets + 200 }, (_, offset) => offset).filter((offset) =>
    settled.has(offset),
  )
}

/** Ends in a crash: after a sync, or with records under way. */
async function life(world: SimWorld): Promise<{ tracks: Track[]; isSynced: boolean }> {
  const { random } = world.scheduler
  const io = world.startNode('n')
  const store = await openStore(io)
  const tracks = Array.from({ length: writerCount }, (_, id) => new Track(id, store.attach('fsync', id, 0)))
  for (let step = 0; step < 150; step++) {
    const track = tracks[random.int(0, writerCount - 1)]!
    if (!track.isRemoved) {
      const offset = random.int(0, filledOffsets + 100)
      if (random.chance(0.5)) track.settle(offset)
      else track.fail(offset)
      if (random.chance(0.05)) track.remove()
      if (random.chance(0.3)) void track.confirm()
    }
    // Why turns first: that is how long the first compaction takes, once it has begun.
    if (step % 15 > 0) await new Promise<void>((resolve) => io.timers.soon(resolve))
    else await world.sleep(random.between(0, 20))
  }
  const isSynced = random.chance(0.5)
  if (isSynced) await store.sync()
  world.crash('n', random.chance(0.5) ? 'kill' : 'power')
  return { tracks, isSynced }
}

test('a snapshot that is written over many turns is as good as one of a moment (12 seeds)', async () => {
  for (let seed = 0; seed < 12; seed++) {
    await simulate(seed, async (world) => {
      const { tracks, isSynced } = await life(world)
      const store = await openStore(world.startNode('n'))
      for (const track of tracks) {
        const { image } = store.attach('fsync', track.id, 0)
        const place = `of consumer ${track.id}, seed ${seed}`
        if (isSynced) checkSame(track, image, place)
        else if (!track.isRemoved) checkBetween(track, image, place)
      }
    })
  }
})

function checkSame({ isRemoved, writer }: Track, image: ProgressImage, place: string): void {
  assert.deepEqual(settledOf(image), isRemoved ? [] : settledOf(writer.image), `settled ${place}`)
  const retries = isRemoved ? new Map() : new Map(writer.image.retries.entries())
  assert.deepEqual(new Map(image.retries.entries()), retries, `retries ${place}`)
}

/** Nothing that was confirmed is forgotten, and nothing is made up. */
function checkBetween({ confirmed, writer }: Track, image: ProgressImage, place: string): void {
  for (const offset of confirmed) assert.ok(image.settled.has(offset), `${offset} ${place} is forgotten`)
  for (const offset of settledOf(image)) assert.ok(writer.image.settled.has(offset), `${offset} ${place}`)
}

test('others have their turn between the snapshots of many consumers, and may remove one', () =>
  simulate(1, async (world) => {
    const { files, clock, timers, random, network } = world.startNode('n')
    const tracks: Track[] = []
    let turns = 0
    const soon = (callback: () => void): void => {
      if (turns++ === 1) tracks.at(-1)!.remove()
      timers.soon(callback)
    }
    const after = timers.after.bind(timers)
    const store = await openStore({ files, clock, random, network, timers: { after, soon } })
    for (let id = 0; id < writerCount; id++) tracks.push(new Track(id, store.attach('fsync', id, 0)))
    await tracks[0]!.confirm()
    await store.close()
    assert.ok(turns >= 3, `${turns} pauses in a snapshot of ${(writerCount * filledOffsets) / 2} ranges`)
    world.crash('n', 'kill')
    const again = await openStore(world.startNode('n'))
    for (const track of tracks) checkSame(track, again.attach('fsync', track.id, 0).image, `of ${track.id}`)
    assert.equal(tracks.at(-1)!.isRemoved, true)
  }))

test('what an earlier turn lost to a full disk is not confirmed before it is written', () =>
  simulate(3, async (world) => {
    const store = await openStore(world.startNode('n'))
    const writer = store.attach('fsync', 1, 0)
    const disk = world.disk('n')
    disk.capacityBytes = disk.usedBytes
    writer.settled(0)
    writer.image.settled.add(0)
    // Long enough for the turn to end: nobody waits for what is recorded now.
    await world.sleep(200)
    writer.settled(1)
    writer.image.settled.add(1)
    await assert.rejects(writer.durable(), { code: 'disk-full' })
    disk.capacityBytes = Infinity
    writer.settled(2)
    writer.image.settled.add(2)
    await writer.durable()
    world.crash('n', 'power')
    const { image } = (await openStore(world.startNode('n'))).attach('fsync', 1, 0)
    assert.equal(image.settled.floor, 3)
  }))
