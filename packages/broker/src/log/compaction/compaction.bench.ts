// Compaction of a gigabyte with a million keys: how long it takes, and what memory it takes beyond what the
// process had. Run it: `node --expose-gc compaction.bench.ts [directory] [mapBytes]`.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { silentLogger } from '../../base/logger.ts'
import { realIo } from '../../io/real-io.ts'
import { KeyMaps } from '../key-maps.ts'
import { Log } from '../log.ts'
import { TailCache } from '../tail-cache.ts'
import { compactsAll } from './compaction.fixture.ts'

const mib = 1024 * 1024
const keys = 1_000_000
const targetBytes = 1024 * mib
const valueBytes = 200
const perBatch = 256
const root = process.argv[2] ?? tmpdir()
const mapBytes = Number(process.argv[3] ?? 128 * mib)

const io = realIo()
const directory = await mkdtemp(join(root, 'sluice-compaction-'))
const options = {
  durability: 'os',
  segmentBytes: 128 * mib,
  segmentMs: 3_600_000,
  indexIntervalBytes: 4096,
} as const
const log = await Log.open(io, join(directory, 'log'), {
  ...options,
  tail: new TailCache(0),
  logger: silentLogger,
  wasClosedCleanly: false,
})

let written = 0
let records = 0
while (written < targetBytes) {
  for (let batch = 0; batch < 64; batch++) {
    const builder = new RecordBatchBuilder()
    for (let index = 0; index < perBatch; index++) {
      builder.add(1000, `customers.${(records++ * 7_919) % keys}`, 'v'.repeat(valueBytes))
    }
    const bytes = builder.take()
    written += bytes.length
    log.append(bytes, 0)
  }
  await log.durable()
}
log.roll()
const last = new RecordBatchBuilder()
last.add(1000, 'end', 'x')
log.append(last.take(), 0)
await log.durable()

globalThis.gc?.()
const before = process.memoryUsage()
let peak = 0
let peakArrays = 0
const timer = setInterval(() => {
  const { rss, arrayBuffers } = process.memoryUsage()
  peak = Math.max(peak, rss)
  peakArrays = Math.max(peakArrays, arrayBuffers)
}, 20)
let longestTurnMs = 0
let turnMs = performance.now()
const turns = setInterval(() => {
  longestTurnMs = Math.max(longestTurnMs, performance.now() - turnMs)
  turnMs = performance.now()
}, 1)
const maps = new KeyMaps(io.random, mapBytes)
let passes = 0
const startMs = performance.now()
const cpu = process.cpuUsage()
await log.compact({
  settings: compactsAll,
  wallMs: Date.now(),
  logger: silentLogger,
  mapFor: (needed) => {
    passes++
    return maps.mapFor(needed)
  },
  isStopped: () => false,
})
const elapsedMs = performance.now() - startMs
const { user, system } = process.cpuUsage(cpu)
clearInterval(timer)
clearInterval(turns)
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const show = (bytes: number): string => `${(bytes / mib).toFixed(0)} MiB`
process.stdout.write(
  `${[
    `${records} records of ${keys} keys in ${show(written)}, map of ${show(mapBytes)}, ${passes} passes`,
    `${seconds(elapsedMs)}, ${seconds((user + system) / 1000)} of CPU`,
    `longest turn ${longestTurnMs.toFixed(0)} ms`,
    `left ${show(log.sizeBytes)}`,
    `memory before ${show(before.rss)}, at most ${show(peak)} (${show(peak - before.rss)} more);`,
    `buffers before ${show(before.arrayBuffers)}, at most ${show(peakArrays)}`,
  ].join('\n')}\n`,
)
await log.close()
await rm(directory, { recursive: true })
