// From the start of the process until it serves: on a folder that was closed in order, and after SIGKILL in
// the middle of publishing.

import { cpuMsOf } from '../process/process-usage.ts'
import type { ServerProcess } from '../process/server-process.ts'
import type { Metric } from '../report/measurement.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface RecoveryCase extends Case {
  readonly how: 'empty' | 'clean' | 'killed' | 'embedded'
}

const payloadBytesDefault = 1024
const storedBytesDefault = 256e6
const subjectCount = 1000
const publishingMs = 500

export const recovery: Scenario<RecoveryCase> = {
  name: 'recovery',
  needsOwnServer: true,
  doc: 'time to serve: on an empty folder, after an orderly end, after SIGKILL, and embedded',
  cases: ({ storedBytes = storedBytesDefault }) => [
    { name: 'empty folder', how: 'empty', durability: 'os' },
    { name: `${megabytes(storedBytes)} closed in order`, how: 'clean', durability: 'os' },
    { name: `${megabytes(storedBytes)}, SIGKILL while publishing`, how: 'killed', durability: 'os' },
    { name: 'embedded, empty folder', how: 'embedded', durability: 'os' },
  ],
  refusal: (system, { how }) => {
    return how === 'embedded' && system !== 'sluice' ? 'cannot run inside a Node process' : undefined
  },
  measure: (bench, of) => (of.how === 'embedded' ? measureEmbedded(bench) : measure(bench, of)),
}

async function measure(bench: Bench, { how, durability }: RecoveryCase): Promise<Finding> {
  const server = bench.server(bench.folder())
  const firstMs = await server.start()
  if (how === 'empty') return { metrics: metricsOf(server, firstMs) }
  await fill(bench, server, durability)
  if (how === 'clean') await server.stop()
  else await killWhilePublishing(bench, server)
  const readyMs = await server.start()
  const notes = [`its first start, on the empty folder, took ${firstMs.toFixed(0)} ms`]
  return { metrics: metricsOf(server, readyMs), notes }
}

/** Processor time too, of all that the process has done: a busy machine starts late, and works as much. */
function metricsOf({ pid }: ServerProcess, readyMs: number): Metric[] {
  const cpuMs = cpuMsOf(pid)
  const cpu = cpuMs === undefined ? [] : [{ name: 'cpu', unit: 'ms', value: cpuMs }]
  return [{ name: 'start', unit: 'ms', value: readyMs }, ...cpu]
}

async function fill(bench: Bench, server: ServerProcess, durability: Case['durability']): Promise<void> {
  const { payloadBytes = payloadBytesDefault, storedBytes = storedBytesDefault } = bench.options
  const loader = bench.loader(server)
  await loader.run('createStream', { durability })
  const messageCount = Math.ceil(storedBytes / payloadBytes)
  await loader.run('preload', { messageCount, payloadBytes, subjectCount })
  await loader.end()
}

async function killWhilePublishing(bench: Bench, server: ServerProcess): Promise<void> {
  const { payloadBytes = payloadBytesDefault, batchCount, lanes } = bench.options
  const loader = bench.loader(server)
  const publishing = loader.run('publish', {
    payloadBytes,
    subjectCount,
    batchCount,
    lanes,
    durationMs: 100 * publishingMs,
  })
  // Why: it ends with the server that it publishes to, one way or another.
  const ended = publishing.catch(() => undefined)
  await new Promise((resolve) => {
    setTimeout(resolve, publishingMs)
  })
  await server.kill()
  await loader.end()
  await ended
}

async function measureEmbedded(bench: Bench): Promise<Finding> {
  const { importMs, startMs } = await bench.loader().run('embeddedStart', { folder: bench.folder() })
  return {
    metrics: [
      { name: 'start', unit: 'ms', value: startMs },
      { name: 'import', unit: 'ms', value: importMs },
    ],
    notes: ['import is the loading of the code, which comes on top once in a process'],
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
