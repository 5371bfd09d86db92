// Groups of Kafka's consumers: how long a storm takes, in which all members of a group come at once, until
// all have their part; and what so many cost that are there, say so, and wait for records that never come.
// Members are raw connections: the clients that make the load are not what is measured.

import type { GroupProtocol } from '../loader/task-types.ts'
import { memoryOf } from '../process/memory-sample.ts'
import { inspectFlag } from '../process/node-inspector.ts'
import { kafkaAddressOf } from '../process/server-process.ts'
import type { BenchOptions } from '../options.ts'
import type { Metric } from '../report/measurement.ts'
import { metered } from './metered.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface GroupCase extends Case {
  readonly what: 'storm' | 'idle'
  readonly protocol: GroupProtocol
  readonly memberCount: number
  readonly shardCount: number
}

const groupId = 'bench'
const protocols = ['classic', 'consumer'] as const

export const groups: Scenario<GroupCase> = {
  name: 'groups',
  doc: 'groups of Kafka consumers: all members join at once; all of them idle',
  needsOwnServer: true,
  cases: (options) => [...casesOf('storm', options), ...casesOf('idle', options)],
  refusal: (system) => (system === 'sluice' ? undefined : 'has no groups of Kafka consumers'),
  measure: (bench, of) => (of.what === 'storm' ? storm(bench, of) : idle(bench, of)),
}

function casesOf(what: GroupCase['what'], { memberCounts, shardCounts }: BenchOptions): GroupCase[] {
  const counts = what === 'storm' ? memberCounts : [Math.max(...memberCounts)]
  const text = what === 'storm' ? 'join at once' : 'idle'
  return protocols.flatMap((protocol) =>
    shardCounts.flatMap((shardCount) =>
      counts.map((memberCount): GroupCase => {
        const shards = shardCount === 1 ? [] : ['--shards', String(shardCount)]
        const serverFlags = ['--partitions-max', String(memberCount), ...shards]
        const where = `${shardCount} ${shardCount === 1 ? 'shard' : 'shards'}`
        const name = `${memberCount} members ${text}, ${protocol} protocol, ${where}`
        return { name, what, protocol, memberCount, shardCount, serverFlags, durability: 'fsync' }
      }),
    ),
  )
}

async function storm(bench: Bench, { protocol, memberCount, durability }: GroupCase): Promise<Finding> {
  const server = await bench.started()
  const loader = bench.loader(server)
  await loader.run('createStream', { durability, partitions: memberCount })
  const kafkaAddress = kafkaAddressOf(server)
  const { result, serverCpuMs } = await metered(bench, server, () =>
    loader.run('groupJoin', { kafkaAddress, protocol, groupId, memberCount }),
  )
  const { settledMs, generation, settleCount } = result
  return {
    metrics: [
      { name: 'settled', unit: 's', value: settledMs / 1000 },
      ...cpuOf('server cpu', 'ms/member', serverCpuMs, memberCount),
    ],
    notes: [`in generation ${generation}, after ${settleCount} parts were given`],
  }
}

async function idle(bench: Bench, of: GroupCase): Promise<Finding> {
  const { protocol, memberCount, shardCount, durability } = of
  const server = await bench.started([inspectFlag])
  const loader = bench.loader(server)
  await loader.run('createStream', { durability, partitions: memberCount })
  const before = await memoryOf(server)
  const kafkaAddress = kafkaAddressOf(server)
  await loader.run('groupJoin', { kafkaAddress, protocol, groupId, memberCount })
  await loader.run('groupRead', {})
  const durationMs = bench.options.seconds * 1000
  const { result, serverCpuMs } = await metered(bench, server, () => loader.run('groupStay', { durationMs }))
  const after = await memoryOf(server)
  const perMember = (bytes: number): number => bytes / 1e3 / memberCount
  const live: Metric[] = [
    { name: 'live', unit: 'kB/member', value: perMember(after.liveBytes - before.liveBytes) },
  ]
  return {
    metrics: [
      ...cpuOf('server cpu', '%', serverCpuMs, durationMs / 100),
      { name: 'fetches', unit: '1/s', value: (result.fetchCount * 1000) / durationMs },
      { name: 'heartbeats', unit: '1/s', value: (result.beatCount * 1000) / durationMs },
      { name: 'RSS growth', unit: 'MB', value: (after.rssBytes - before.rssBytes) / 1e6 },
      // Why not of shards: they have heaps of their own.
      ...(shardCount === 1 ? live : []),
    ],
    notes: [`2 connections each; before, the broker had ${(before.rssBytes / 1e6).toFixed(0)} MB`],
  }
}

function cpuOf(name: string, unit: string, cpuMs: number | undefined, per: number): Metric[] {
  return cpuMs === undefined ? [] : [{ name, unit, value: cpuMs / per }]
}
