// Reading a log from its first message on, without a consumer's state.

import { cpuMetrics, metered } from './metered.ts'
import { canDoAll } from './scenario.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

const payloadBytesDefault = 1024
const messageCountDefault = 200_000
const subjectCount = 1000
const bytesPerMegabyte = 1e6

export const read: Scenario = {
  name: 'read',
  doc: 'reading the log, as fast as one connection takes it',
  cases: ({ payloadBytes = payloadBytesDefault }) => [{ name: `${payloadBytes} B`, durability: 'os' }],
  refusal: canDoAll,
  measure,
}

async function measure(bench: Bench, { durability }: Case): Promise<Finding> {
  const { payloadBytes = payloadBytesDefault, messageCount = messageCountDefault, seconds } = bench.options
  const server = await bench.started()
  const loader = bench.loader(server)
  await loader.run('createStream', { durability })
  await loader.run('preload', { messageCount, payloadBytes, subjectCount })
  const { result, serverCpuMs } = await metered(bench, server, () => {
    return loader.run('read', { durationMs: seconds * 1000 })
  })
  const megabytes = result.dataBytes / bytesPerMegabyte
  return {
    metrics: [
      { name: 'data', unit: 'MB/s', value: (megabytes * 1000) / result.elapsedMs },
      { name: 'throughput', unit: 'msg/s', value: (result.messageCount * 1000) / result.elapsedMs },
      ...cpuMetrics(result.messageCount, { clientCpuMs: result.cpuMs, serverCpuMs }),
    ],
  }
}
