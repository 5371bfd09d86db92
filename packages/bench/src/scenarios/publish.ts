// Confirmed publishing over one connection: one at a time beside what network and disk take by themselves,
// and in batches with several of them out.

import { atPercentile } from '../measure/latency.ts'
import type { BenchOptions } from '../options.ts'
import type { LatencySummary } from '../measure/latency.ts'
import { cpuMetrics, metered } from './metered.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface PublishCase extends Case {
  readonly batchCount: number
  readonly lanes: number
  readonly isDirect?: boolean
}

const payloadBytesDefault = 64
const subjectCount = 1000
/** Processor time of the server is metered over warm-up and measurement, and shared by all their messages. */
const warmUpShare = 0.3

export const publish: Scenario<PublishCase> = {
  name: 'publish',
  doc: 'confirmed publishing over one connection, single and in batches',
  cases,
  refusal: (system, { isDirect }) =>
    isDirect === true && system !== 'sluice' ? 'has no such setting' : undefined,
  hasRaw: ({ batchCount, durability, isDirect }) =>
    batchCount === 1 && durability === 'fsync' && isDirect !== true,
  measure: (bench, of) => (bench.system === 'raw' ? measureRaw(bench) : measure(bench, of)),
}

function cases(options: BenchOptions): PublishCase[] {
  const buffered = plainCases(options)
  if (!options.isDirectIo) return buffered
  const direct = buffered.filter(({ durability }) => durability === 'fsync')
  return [
    ...buffered,
    ...direct.map((of) => ({
      ...of,
      name: `${of.name}, direct I/O`,
      serverFlags: directIoFlags,
      isDirect: true,
    })),
  ]
}

const directIoFlags = ['--direct-io', 'on']

function plainCases({ durabilities, batchCount, lanes, payloadBytes }: BenchOptions): PublishCase[] {
  const size = `${payloadBytes ?? payloadBytesDefault} B`
  return durabilities.flatMap((durability) => [
    { name: `one at a time, ${size}, ${durability}`, durability, batchCount: 1, lanes: 1 },
    { name: `batches of ${batchCount}, ${size}, ${durability}, 1 out`, durability, batchCount, lanes: 1 },
    { name: `batches of ${batchCount}, ${size}, ${durability}, ${lanes} out`, durability, batchCount, lanes },
  ])
}

async function measure(bench: Bench, { batchCount, lanes, durability }: PublishCase): Promise<Finding> {
  const { payloadBytes = payloadBytesDefault, seconds } = bench.options
  const server = await bench.started()
  const loader = bench.loader(server)
  await loader.run('createStream', { durability })
  const params = { payloadBytes, subjectCount, batchCount, lanes, durationMs: seconds * 1000 }
  const { result, serverCpuMs } = await metered(bench, server, () => loader.run('publish', params))
  const messageCount = result.requestCount * batchCount
  const throughput = {
    name: 'throughput',
    unit: 'msg/s',
    value: (messageCount * 1000) / result.elapsedMs,
  }
  const latency = latencyMetrics(result.latency)
  const serverShareMs = serverCpuMs === undefined ? undefined : serverCpuMs / (1 + warmUpShare)
  const cpu = cpuMetrics(messageCount, { clientCpuMs: result.cpuMs, serverCpuMs: serverShareMs })
  const metrics = batchCount === 1 ? [...latency, throughput, ...cpu] : [throughput, ...latency, ...cpu]
  return { metrics, latencies: { confirmed: result.latency } }
}

/** A user waits at least for a message there and back and for the disk: the two are measured and added. */
async function measureRaw(bench: Bench): Promise<Finding> {
  const { payloadBytes = payloadBytesDefault, seconds } = bench.options
  const durationMs = (seconds * 1000) / 2
  const { port } = await bench.loader().run('echoServer', {})
  const client = bench.loader()
  const echo = await client.run('echo', { payloadBytes, durationMs, port })
  const sync = await client.run('sync', { folder: bench.folder(), durationMs })
  const sum = (percentile: number): number => atPercentile(echo, percentile) + atPercentile(sync, percentile)
  return {
    metrics: [
      { name: 'p50', unit: 'ms', value: sum(50) },
      { name: 'p99', unit: 'ms', value: sum(99) },
    ],
    latencies: { 'tcp echo': echo, 'write + fdatasync': sync },
    notes: [
      `TCP echo p50 ${atPercentile(echo, 50).toFixed(3)} ms, ` +
        `4 KiB write + fdatasync p50 ${atPercentile(sync, 50).toFixed(3)} ms`,
    ],
  }
}

function latencyMetrics(latency: LatencySummary) {
  return [
    { name: 'p50', unit: 'ms', value: atPercentile(latency, 50) },
    { name: 'p99', unit: 'ms', value: atPercentile(latency, 99) },
  ]
}
