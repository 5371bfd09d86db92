// Connections of Kafka clients that ask for nothing: what each costs the broker in memory, all of them in
// processor time, and another client in latency.

import { atPercentile } from '../measure/latency.ts'
import type { LatencyResult } from '../loader/task-types.ts'
import { memoryOf } from '../process/memory-sample.ts'
import { inspectFlag } from '../process/node-inspector.ts'
import { openFilesMax } from '../process/process-usage.ts'
import { kafkaAddressOf } from '../process/server-process.ts'
import type { BenchOptions } from '../options.ts'
import { metered } from './metered.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

const consumer = 'bench'
const perSecond = 1000
const subjectCount = 1000
const payloadBytesDefault = 64
/** Of a process of Node with a broker or a loader in it, beside the connections. */
const otherFiles = 200

export const connections: Scenario = {
  name: 'connections',
  doc: 'idle connections of Kafka clients: memory, processor time, and the latency of another client',
  needsOwnServer: true,
  cases: ({ linkCount }: BenchOptions) => [
    {
      name: `${linkCount} idle, ${perSecond}/s by another client`,
      durability: 'fsync',
      serverFlags: ['--connections-max', String(linkCount)],
    },
  ],
  refusal: (system) => (system === 'sluice' ? undefined : 'has no Kafka clients'),
  measure,
}

async function measure(bench: Bench, { durability }: Case): Promise<Finding> {
  const { linkCount, seconds, window } = bench.options
  const server = await bench.started([inspectFlag])
  const publisher = bench.loader(server)
  await publisher.run('createStream', { durability })
  await publisher.run('createConsumer', { name: consumer, rules: [], inFlightMax: window })
  await publisher.run('join', { consumer, window })
  const alone = await publisher.run('latency', latencyOf(bench, 'alone'))
  const before = await memoryOf(server)
  const holder = bench.loader(server)
  const count = Math.min(linkCount, openFilesMax() - otherFiles)
  const { elapsedMs } = await holder.run('holdLinks', { kafkaAddress: kafkaAddressOf(server), count })
  const idle = await metered(bench, server, () => pause(seconds * 1000))
  const after = await memoryOf(server)
  const beside = await publisher.run('latency', latencyOf(bench, 'beside'))
  const { count: openCount } = await holder.run('openLinks', {})
  const perLink = (bytes: number): number => bytes / 1e3 / count
  const idleCpu = idle.serverCpuMs === undefined ? [] : [(idle.serverCpuMs / seconds / 1000) * 100]
  return {
    metrics: [
      { name: 'RSS', unit: 'kB/link', value: perLink(after.rssBytes - before.rssBytes) },
      { name: 'live', unit: 'kB/link', value: perLink(after.liveBytes - before.liveBytes) },
      ...idleCpu.map((value) => ({ name: 'idle server cpu', unit: '%', value })),
      ...latencyMetrics(alone, 'alone'),
      ...latencyMetrics(beside, 'beside'),
    ],
    latencies: { 'ack alone': alone.ack, 'ack beside': beside.ack },
    notes: notesOn({ linkCount, count, openCount, elapsedMs }),
  }
}

function latencyOf({ options }: Bench, series: string) {
  const { payloadBytes = payloadBytesDefault, seconds } = options
  return { perSecond, durationMs: seconds * 1000, payloadBytes, subjectCount, consumer, series }
}

function latencyMetrics({ ack, deliver }: LatencyResult, when: string) {
  return [
    { name: `ack p99 ${when}`, unit: 'ms', value: atPercentile(ack, 99) },
    { name: `deliver p99 ${when}`, unit: 'ms', value: atPercentile(deliver, 99) },
  ]
}

function notesOn(of: { linkCount: number; count: number; openCount: number; elapsedMs: number }): string[] {
  const { linkCount, count, openCount, elapsedMs } = of
  const notes = [`opened in ${(elapsedMs / 1000).toFixed(1)} s`]
  if (count < linkCount) notes.push(`only ${count}: a process may have ${openFilesMax()} files open here`)
  if (openCount < count) notes.push(`${count - openCount} were closed by the broker`)
  return notes
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
