// How close the log comes to what the disk gives: confirmed batches per second of a `Log`,
// beside a loop that writes and syncs groups of the same size and does nothing else, and past the page cache.
// Run it: `node log.bench.ts [directory]`.

import { tmpdir } from 'node:os'
import { silentLogger } from '../base/logger.ts'
import { directFiles } from '../io/direct-files.ts'
import type { Io } from '../io/io.ts'
import { realIo } from '../io/real-io.ts'
import { batchOf } from './log.fixture.ts'
import { Log } from './log.ts'
import { TailCache } from './tail-cache.ts'

const io = realIo()
const direct: Io = { ...io, files: directFiles(io.files) }
const runMs = 1500
const rounds = 3

async function rawPerSecond(path: string, groupSize: number, batch: Uint8Array): Promise<number> {
  const file = await io.files.open(path, { create: true })
  const group = (): Uint8Array[] => Array.from({ length: groupSize }, () => batch.slice())
  let position = 0
  const start = io.clock.monotonicMs()
  while (io.clock.monotonicMs() - start < runMs) {
    await file.write(group(), position)
    await file.sync()
    position += groupSize * batch.length
  }
  const elapsedMs = io.clock.monotonicMs() - start
  await file.close()
  return (position / batch.length / elapsedMs) * 1000
}

/** Waits for each group before the next one: the same work, and nothing gained by overlapping. */
async function logPerSecond(world: Io, directory: string, groupSize: number, value: string): Promise<number> {
  const tail = new TailCache(32 * 1024 * 1024)
  const log = await Log.open(world, directory, {
    durability: 'fsync',
    segmentBytes: 1024 * 1024 * 1024,
    segmentMs: 3_600_000,
    indexIntervalBytes: 4096,
    tail,
    logger: silentLogger,
    wasClosedCleanly: false,
  })
  const made = batchOf([value])
  const start = io.clock.monotonicMs()
  while (io.clock.monotonicMs() - start < runMs) {
    for (let batch = 0; batch < groupSize; batch++) log.append(made.slice(), 0)
    await log.durable()
  }
  const elapsedMs = io.clock.monotonicMs() - start
  const perSecond = (log.durableEnd / elapsedMs) * 1000
  await log.close()
  return perSecond
}

const parent = process.argv[2] ?? tmpdir()
for (const [groupSize, valueBytes] of [
  [1, 100],
  [1, 16_384],
  [100, 100],
  [100, 16_384],
]) {
  const value = 'x'.repeat(valueBytes)
  const ratios: number[] = []
  const directRatios: number[] = []
  let best = 0
  for (let round = 0; round < rounds; round++) {
    const directory = `${parent}/sluice-bench-${io.random.u32()}`
    await io.files.makeDirectory(directory)
    // Why twice: a disk may give less to whoever comes second.
    const raw = await rawPerSecond(`${directory}/raw`, groupSize, batchOf([value]))
    const log = await logPerSecond(io, `${directory}/log`, groupSize, value)
    const past = await logPerSecond(direct, `${directory}/direct`, groupSize, value)
    const rawAgain = await rawPerSecond(`${directory}/again`, groupSize, batchOf([value]))
    await io.files.removeDirectory(directory)
    ratios.push(log / ((raw + rawAgain) / 2))
    directRatios.push(past / log)
    best = Math.max(best, log)
  }
  const median = (all: number[]): string => all.toSorted((a, b) => a - b)[rounds >> 1]!.toFixed(2)
  const what = `${groupSize} batches of ${valueBytes} bytes per group`
  const beside = `${median(ratios)} of raw write+sync, direct ${median(directRatios)} of that`
  console.log(`${what}: ${best.toFixed(0)} confirmed batches/s, ${beside}`)
}
