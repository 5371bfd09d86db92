// A gigabyte with a million keys is compacted while a publisher and a reader work on the same stream: how
// long it takes, how much memory beyond what the broker had, and what the two notice of it.

import type { LoaderProcess } from '../process/loader-process.ts'
import { atPercentile } from '../measure/latency.ts'
import type { LatencyResult } from '../loader/task-types.ts'
import { memoryOf } from '../process/memory-sample.ts'
import { inspectFlag } from '../process/node-inspector.ts'
import { rssBytesOf } from '../process/process-usage.ts'
import { kafkaAddressOf } from '../process/server-process.ts'
import type { MeasuredServer } from '../process/server-process.ts'
import { metered } from './metered.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface CompactionCase extends Case {
  readonly mapBytes: number
}

const mib = 1024 * 1024
const keyCount = 1_000_000
const payloadBytesDefault = 200
/** Of a record beside its payload: its subject, and what the batch says of it. */
const recordBytes = 30
const storedBytesDefault = 1e9
const consumer = 'bench'
const perSecond = 500
const subjectCount = 1000
const sliceMs = 1000
const sampleEveryMs = 20
/** So many segments at least: what a log writes to is not compacted. */
const segmentsMin = 8
const compactionMsMax = 300_000
/** Of the log of the broker. */
const overText = /compacted/

export const compaction: Scenario<CompactionCase> = {
  name: 'compaction',
  doc: 'a stream of a million keys is compacted beside a publisher and a reader of it',
  needsOwnServer: true,
  cases: ({ storedBytes = storedBytesDefault }) =>
    [128 * mib, 8 * mib].map((mapBytes) => {
      const name = `${Math.round(storedBytes / 1e6)} MB, memory for keys ${mapBytes / mib} MiB`
      const segmentBytes = Math.floor(Math.min(128 * mib, storedBytes / segmentsMin))
      const sizes = ['--compaction-map-bytes', String(mapBytes), '--segment-bytes', String(segmentBytes)]
      const serverFlags = [...sizes, '--log-level', 'info']
      return { name, durability: 'fsync', mapBytes, serverFlags }
    }),
  refusal: (system) => (system === 'sluice' ? undefined : 'is measured for what Sluice promises alone'),
  measure,
}

async function measure(bench: Bench, { durability, mapBytes }: CompactionCase): Promise<Finding> {
  const {
    payloadBytes = payloadBytesDefault,
    storedBytes = storedBytesDefault,
    seconds,
    window,
  } = bench.options
  const server = await bench.started([inspectFlag])
  const loader = bench.loader(server)
  await loader.run('createStream', { durability })
  const messageCount = Math.ceil(storedBytes / (payloadBytes + recordBytes))
  await loader.run('preload', { messageCount, payloadBytes, subjectCount: keyCount })
  await loader.run('createConsumer', { name: consumer, rules: [], inFlightMax: window, isFromEnd: true })
  await loader.run('join', { consumer, window })
  const alone = await latency(loader, seconds * 1000, 'alone')
  const before = await memoryOf(server)
  const startMs = performance.now()
  const kafkaAddress = kafkaAddressOf(server)
  await bench.loader(server).run('compactTopic', { kafkaAddress })
  const { result, serverCpuMs } = await metered(bench, server, () => untilCompacted(server, loader))
  const { during, peakBytes, overMs } = result
  const cpu = serverCpuMs === undefined ? [] : [serverCpuMs / 1000]
  return {
    metrics: [
      { name: 'compacted in', unit: 's', value: (overMs - startMs) / 1000 },
      { name: 'RSS above the start', unit: 'MB', value: (peakBytes - before.rssBytes) / 1e6 },
      ...cpu.map((value) => ({ name: 'server cpu', unit: 's', value })),
      ...p99Of(alone, 'before'),
      ...p99Of(during, 'during'),
    ],
    latencies: { 'ack before': alone.ack, 'ack during': during.ack },
    notes: [
      `at the start ${(before.rssBytes / 1e6).toFixed(0)} MB`,
      `${messageCount} records of ${keyCount} keys`,
      `of the memory ${(mapBytes / 1e6).toFixed(0)} MB are for keys, at most`,
      `the publisher and the reader take ${perSecond}/s`,
    ],
  }
}

/** The publisher and the reader go on in slices until it is over. */
async function untilCompacted(server: MeasuredServer, loader: LoaderProcess) {
  let peakBytes = 0
  let overMs = 0
  const untilMs = performance.now() + compactionMsMax
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, rssBytesOf(server.pid) ?? 0)
    if (overMs === 0 && overText.test(server.said)) overMs = performance.now()
  }, sampleEveryMs)
  try {
    for (;;) {
      const during = await latency(loader, sliceMs, 'during')
      if (overMs > 0) return { during, peakBytes, overMs }
      if (performance.now() > untilMs) throw new Error('The stream is not compacted in time')
    }
  } finally {
    clearInterval(timer)
  }
}

function latency(loader: LoaderProcess, durationMs: number, series: string): Promise<LatencyResult> {
  const payloadBytes = payloadBytesDefault
  return loader.run('latency', { perSecond, durationMs, payloadBytes, subjectCount, consumer, series })
}

function p99Of({ ack, deliver }: LatencyResult, when: string) {
  return [
    { name: `publisher p99 ${when}`, unit: 'ms', value: atPercentile(ack, 99) },
    { name: `reader p99 ${when}`, unit: 'ms', value: atPercentile(deliver, 99) },
  ]
}
