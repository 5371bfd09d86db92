// Every one of K consumers gets every message: the cost of one more reader.

import type { BenchOptions } from '../options.ts'
import { cpuMetrics, metered, perSecond } from './metered.ts'
import { canDoAll } from './scenario.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface FanOutCase extends Case {
  readonly consumerCount: number
}

const payloadBytesDefault = 64
const messageCountDefault = 100_000
const subjectCount = 1000

export const fanOut: Scenario<FanOutCase> = {
  name: 'fan-out',
  doc: 'K consumers, each of which gets and settles every message, each in a process of its own',
  cases: ({ consumerCounts }: BenchOptions) =>
    consumerCounts.map((consumerCount) => {
      return { name: `${consumerCount} consumers`, durability: 'os', consumerCount }
    }),
  refusal: canDoAll,
  measure,
}

async function measure(bench: Bench, { consumerCount, durability }: FanOutCase): Promise<Finding> {
  const { payloadBytes = payloadBytesDefault, messageCount = messageCountDefault, window } = bench.options
  const server = await bench.started()
  const first = bench.loader(server)
  await first.run('createStream', { durability })
  await first.run('preload', { messageCount, payloadBytes, subjectCount })
  const loaders = [first, ...Array.from({ length: consumerCount - 1 }, () => bench.loader(server))]
  const names = loaders.map((_, index) => `bench-${index}`)
  for (const name of names) await first.run('createConsumer', { name, rules: [], inFlightMax: window })
  const durationMs = bench.options.seconds * 1000
  const consumeAll = () =>
    loaders.map((loader, index) => {
      return loader.run('consume', { consumer: names[index]!, window, messageCount, durationMs })
    })
  const { result, serverCpuMs } = await metered(bench, server, () => Promise.all(consumeAll()))
  const total = perSecond(result)
  const clientCpuMs = result.reduce((sum, { cpuMs }) => sum + cpuMs, 0)
  return {
    metrics: [
      { name: 'throughput', unit: 'msg/s', value: total.value },
      ...cpuMetrics(total.messageCount, { clientCpuMs, serverCpuMs }),
    ],
    notes: ['throughput counts every delivery to every consumer'],
  }
}
