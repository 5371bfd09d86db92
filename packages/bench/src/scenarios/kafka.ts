// Both doors beside each other: the same records by the native protocol and by Kafka's, with a client of its
// users. What is compared is what the broker takes: the clients are programs of their own, and the slower one
// decides how much a second.

import type { BenchOptions } from '../options.ts'
import { kafkaAddressOf } from '../process/server-process.ts'
import type { Metric } from '../report/measurement.ts'
import { metered } from './metered.ts'
import { onlySluice } from './scenario.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface KafkaCase extends Case {
  readonly what: 'publish' | 'read'
  readonly door: 'native' | 'kafka'
  readonly payloadBytes: number
}

interface Moved {
  readonly dataBytes: number
  readonly elapsedMs: number
  readonly clientCpuMs: number
  readonly serverCpuMs: number | undefined
}

const payloadSizes = [100, 1024]
const subjectCount = 1000
/** As `publish` in its closed loop: processor time of the server is metered over warm-up and measurement. */
const warmUpShare = 0.3
const storedBytes = 256e6
const fetchBytes = 8 * 1024 * 1024
const bytesPerMegabyte = 1e6

export const kafka: Scenario<KafkaCase> = {
  name: 'kafka',
  doc: 'publishing and reading by the native protocol and by that of Kafka',
  needsOwnServer: true,
  cases: (options) => [...publishCases(options), ...readCases(options)],
  refusal: onlySluice,
  measure: (bench, of) => (of.what === 'publish' ? publish(bench, of) : read(bench, of)),
}

function publishCases({ durabilities, batchCount, lanes, payloadBytes }: BenchOptions): KafkaCase[] {
  const sizes = payloadBytes === undefined ? payloadSizes : [payloadBytes]
  return durabilities.flatMap((durability) =>
    sizes.flatMap((size) =>
      (['native', 'kafka'] as const).map((door): KafkaCase => {
        const name = `publish, ${door}, ${size} B, batches of ${batchCount}, ${lanes} out, ${durability}`
        return { name, what: 'publish', door, payloadBytes: size, durability }
      }),
    ),
  )
}

function readCases({ payloadBytes }: BenchOptions): KafkaCase[] {
  const sizes = payloadBytes === undefined ? payloadSizes : [payloadBytes]
  return sizes.flatMap((size) =>
    (['native', 'kafka'] as const).map((door): KafkaCase => {
      return { name: `read, ${door}, ${size} B`, what: 'read', door, payloadBytes: size, durability: 'os' }
    }),
  )
}

async function publish(bench: Bench, { door, payloadBytes, durability }: KafkaCase): Promise<Finding> {
  const { batchCount, lanes, seconds } = bench.options
  const server = await bench.started()
  const loader = bench.loader(server)
  await loader.run('createStream', { durability })
  const params = { payloadBytes, subjectCount, batchCount, lanes, durationMs: seconds * 1000 }
  const { result, serverCpuMs } = await metered(bench, server, () =>
    door === 'native'
      ? loader.run('publish', params)
      : loader.run('kafkaPublish', { ...params, kafkaAddress: kafkaAddressOf(server) }),
  )
  return findingOf({
    dataBytes: result.requestCount * batchCount * payloadBytes,
    elapsedMs: result.elapsedMs,
    clientCpuMs: result.cpuMs,
    serverCpuMs: serverCpuMs === undefined ? undefined : serverCpuMs / (1 + warmUpShare),
  })
}

async function read(bench: Bench, { door, payloadBytes, durability }: KafkaCase): Promise<Finding> {
  const server = await bench.started()
  const loader = bench.loader(server)
  await loader.run('createStream', { durability })
  const messageCount = bench.options.messageCount ?? Math.floor(storedBytes / payloadBytes)
  await loader.run('preload', { messageCount, payloadBytes, subjectCount })
  const durationMs = bench.options.seconds * 1000
  const { result, serverCpuMs } = await metered(bench, server, () =>
    door === 'native'
      ? loader.run('read', { durationMs })
      : loader.run('kafkaRead', {
          messageCount,
          durationMs,
          fetchBytes,
          kafkaAddress: kafkaAddressOf(server),
        }),
  )
  const { dataBytes, elapsedMs, cpuMs } = result
  return findingOf({ dataBytes, elapsedMs, clientCpuMs: cpuMs, serverCpuMs })
}

function findingOf({ dataBytes, elapsedMs, clientCpuMs, serverCpuMs }: Moved): Finding {
  const megabytes = dataBytes / bytesPerMegabyte
  const perMegabyte = (name: string, ms: number): Metric => ({
    name,
    unit: 'ms/MB',
    value: ms / Math.max(megabytes, Number.MIN_VALUE),
  })
  return {
    metrics: [
      { name: 'data', unit: 'MB/s', value: (megabytes * 1000) / elapsedMs },
      ...(serverCpuMs === undefined ? [] : [perMegabyte('server cpu', serverCpuMs)]),
      perMegabyte('client cpu', clientCpuMs),
    ],
  }
}
