// Both doors beside each other: the same records, in batches of the same size, by the native protocol and by
// Kafka's, with clients of its users. What is compared is what the broker takes: the clients are programs of
// their own, and the slower one decides how much a second. Doors take turns within a round, each with a
// broker of its own that has done a quarter of the work before it is metered.

import type { LoaderProcess } from '../process/loader-process.ts'
import { kafkaAddressOf } from '../process/server-process.ts'
import type { ServerProcess } from '../process/server-process.ts'
import { storedBatches } from '../process/stored-batches.ts'
import type { BenchOptions } from '../options.ts'
import type { Metric } from '../report/measurement.ts'
import type { Door, DoorMoved } from '../loader/task-types.ts'
import { isInstalled } from '../targets/peer-programs.ts'
import { metered } from './metered.ts'
import { onlySluice } from './scenario.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface KafkaCase extends Case {
  readonly what: 'publish' | 'read'
  readonly payloadBytes: number
}

/** One door, ready to be measured. */
interface Place {
  readonly door: Door
  readonly folder: string
  readonly server: ServerProcess
  readonly loader: LoaderProcess
}

interface DoorFigures {
  readonly door: Door
  readonly metrics: readonly Metric[]
  readonly megabytesPerSecond: number
  readonly cpuMsPerMegabyte: number | undefined
}

const payloadSizes = [100, 1024]
const subjectCount = 1000
const publishedBytes = 64e6
const readBytes = 192e6
const warmUpShare = 0.25
const bytesPerMegabyte = 1e6
const noKcat = 'librdkafka is left out: there is no kcat'

export const kafka: Scenario<KafkaCase> = {
  name: 'kafka',
  doc: 'publishing and reading by the native protocol and by that of Kafka',
  needsOwnServer: true,
  cases: (options) => [...publishCases(options), ...readCases(options)],
  refusal: onlySluice,
  measure: (bench, of) => measure(bench, of),
}

function publishCases({ durabilities, batchCount, lanes, payloadBytes }: BenchOptions): KafkaCase[] {
  const sizes = payloadBytes === undefined ? payloadSizes : [payloadBytes]
  return durabilities.flatMap((durability) =>
    sizes.map((size): KafkaCase => {
      const name = `publish, ${size} B, batches of ${batchCount}, ${lanes} out, ${durability}`
      return { name, what: 'publish', payloadBytes: size, durability }
    }),
  )
}

function readCases({ payloadBytes }: BenchOptions): KafkaCase[] {
  const sizes = payloadBytes === undefined ? payloadSizes : [payloadBytes]
  return sizes.map((size) => {
    return { name: `read, ${size} B`, what: 'read', payloadBytes: size, durability: 'os' }
  })
}

async function measure(bench: Bench, of: KafkaCase): Promise<Finding> {
  const hasKcat = isInstalled('kcat')
  const doors: Door[] = hasKcat ? ['native', 'platformatic', 'librdkafka'] : ['native', 'platformatic']
  const figures: DoorFigures[] = []
  for (const door of doors) figures.push(await measureDoor(bench, of, door))
  const ratios = figures.slice(1).flatMap((each) => ratiosOf(each, figures[0]!))
  const metrics = [...ratios, ...figures.flatMap((each) => each.metrics)]
  return { metrics, notes: hasKcat ? [] : [noKcat] }
}

async function measureDoor(bench: Bench, of: KafkaCase, door: Door): Promise<DoorFigures> {
  const folder = bench.folder()
  const server = bench.server(folder)
  await server.start()
  const loader = bench.loader(server)
  await loader.run('createStream', { durability: of.durability })
  const place = { door, folder, server, loader }
  const figures = await (of.what === 'publish' ? publish(bench, of, place) : read(bench, of, place))
  await server.stop()
  return figures
}

async function publish(bench: Bench, { payloadBytes }: KafkaCase, place: Place): Promise<DoorFigures> {
  const { batchCount, lanes } = bench.options
  const shape = { payloadBytes, subjectCount, batchCount, lanes, folder: bench.folder() }
  const wanted = bench.options.messageCount ?? Math.floor(publishedBytes / payloadBytes)
  return moved(bench, place, { messageCount: wanted, payloadBytes }, (messageCount) =>
    place.loader.run('doorPublish', { ...shape, messageCount, ...doorOf(place) }),
  )
}

async function read(bench: Bench, { payloadBytes }: KafkaCase, place: Place): Promise<DoorFigures> {
  const messageCount = bench.options.messageCount ?? Math.floor(readBytes / payloadBytes)
  await place.loader.run('preload', { messageCount, payloadBytes, subjectCount })
  return moved(bench, place, { messageCount, payloadBytes }, (count) =>
    place.loader.run('doorRead', { messageCount: count, ...doorOf(place) }),
  )
}

function doorOf({ door, server }: Place): { door: Door; kafkaAddress: string } {
  return { door, kafkaAddress: kafkaAddressOf(server) }
}

async function moved(
  bench: Bench,
  place: Place,
  { messageCount, payloadBytes }: { messageCount: number; payloadBytes: number },
  move: (messageCount: number) => Promise<DoorMoved>,
): Promise<DoorFigures> {
  const { door, folder, server } = place
  await move(Math.ceil(messageCount * warmUpShare))
  const { result, serverCpuMs } = await metered(bench, server, () => move(messageCount))
  const { batchCount, recordCount, sizeBytes } = storedBatches(folder)
  const megabytes = (result.messageCount * payloadBytes) / bytesPerMegabyte
  const batches = (result.messageCount * batchCount) / recordCount
  const megabytesPerSecond = (megabytes * 1000) / result.elapsedMs
  const cpuMsPerMegabyte = serverCpuMs === undefined ? undefined : serverCpuMs / megabytes
  const metrics = [
    metricOf(`${door}: data`, 'MB/s', megabytesPerSecond),
    metricOf('batches', '/s', (batches * 1000) / result.elapsedMs),
    metricOf('a batch', 'bytes', sizeBytes / batchCount),
    metricOf('server cpu', 'ms/MB', cpuMsPerMegabyte),
    metricOf(
      'server cpu',
      'us/batch',
      serverCpuMs === undefined ? undefined : (serverCpuMs * 1000) / batches,
    ),
    metricOf('client cpu', 'ms/MB', result.cpuMs === undefined ? undefined : result.cpuMs / megabytes),
  ]
  return { door, metrics: metrics.flat(), megabytesPerSecond, cpuMsPerMegabyte }
}

function ratiosOf(kafkas: DoorFigures, native: DoorFigures): Metric[] {
  const { door, cpuMsPerMegabyte: cpu, megabytesPerSecond } = kafkas
  const nativeCpu = native.cpuMsPerMegabyte ?? 0
  // Why none of a zero: the system counts in hundredths of a second, and little work takes less.
  const cpuRatio = cpu === undefined || nativeCpu === 0 ? undefined : cpu / nativeCpu
  return [
    ...metricOf(`${door} / native: server cpu a megabyte`, 'x', cpuRatio),
    ...metricOf('MB/s', 'x', megabytesPerSecond / native.megabytesPerSecond),
  ]
}

/** None where the operating system does not tell. */
function metricOf(name: string, unit: string, value: number | undefined): Metric[] {
  return value === undefined ? [] : [{ name, unit, value }]
}
