// The same load on one shard and on several: publishers and members in processes of their own, over a stream
// whose partitions are spread over all shards.

import type { BenchOptions } from '../options.ts'
import { cpuMetrics, metered, perSecond } from './metered.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface ShardCase extends Case {
  readonly shardCount: number
}

const payloadBytesDefault = 64
const messageCountDefault = 200_000
const subjectCount = 1000
const partitions = 8
const loaderCount = 2
const consumer = 'bench'

export const shards: Scenario<ShardCase> = {
  name: 'shards',
  doc: `${loaderCount} publishers, then ${loaderCount} members of one consumer, on 1 and N shards`,
  needsOwnServer: true,
  cases: ({ shardCounts, durabilities }: BenchOptions) =>
    durabilities.flatMap((durability) =>
      shardCounts.map((shardCount) => {
        const name = `${shardCount} ${shardCount === 1 ? 'shard' : 'shards'}, ${durability}`
        const serverFlags = shardCount === 1 ? [] : ['--shards', String(shardCount)]
        return { name, durability, shardCount, serverFlags }
      }),
    ),
  refusal: (system) => (system === 'sluice' ? undefined : 'has no shards'),
  measure,
}

async function measure(bench: Bench, { durability }: ShardCase): Promise<Finding> {
  const { payloadBytes = payloadBytesDefault, seconds, batchCount, lanes, window } = bench.options
  const messageCount = bench.options.messageCount ?? messageCountDefault
  const server = await bench.started()
  const loaders = Array.from({ length: loaderCount }, () => bench.loader(server))
  await loaders[0]!.run('createStream', { durability, partitions })
  const durationMs = seconds * 1000
  const params = { payloadBytes, subjectCount, batchCount, lanes, durationMs }
  const published = await Promise.all(loaders.map((loader) => loader.run('publish', params)))
  await loaders[0]!.run('preload', { messageCount, payloadBytes, subjectCount })
  await loaders[0]!.run('createConsumer', { name: consumer, rules: [], inFlightMax: window * loaderCount })
  const { result, serverCpuMs } = await metered(bench, server, () =>
    Promise.all(
      loaders.map((loader) => loader.run('consume', { consumer, window, messageCount, durationMs })),
    ),
  )
  const confirmed = published.reduce(
    (sum, each) => sum + (each.requestCount * batchCount * 1000) / each.elapsedMs,
    0,
  )
  const settled = perSecond(result)
  const clientCpuMs = result.reduce((sum, { cpuMs }) => sum + cpuMs, 0)
  return {
    metrics: [
      { name: 'published', unit: 'msg/s', value: confirmed },
      { name: 'settled', unit: 'msg/s', value: settled.value },
      ...cpuMetrics(settled.messageCount, { clientCpuMs, serverCpuMs }),
    ],
    notes: [`${partitions} partitions; cpu is of what was settled`],
  }
}
