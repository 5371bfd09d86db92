// Runs the task that a scenario is about, and meters what it takes of the processors: on a machine that
// others use too, processor time a message says more than messages a second. Profiles the broker meanwhile,
// when that is asked for.

import { NodeInspector } from '../process/node-inspector.ts'
import { cpuMsOf } from '../process/process-usage.ts'
import type { MeasuredServer } from '../process/server-process.ts'
import { writeProfile } from '../profile/profile-file.ts'
import type { Metric } from '../report/measurement.ts'
import type { Bench } from './scenario.ts'

/** `serverCpuMs` is undefined where the operating system does not tell. */
export interface Metered<T> {
  readonly result: T
  readonly serverCpuMs: number | undefined
}

export async function metered<T>(
  bench: Bench,
  server: MeasuredServer,
  run: () => Promise<T>,
): Promise<Metered<T>> {
  const { profileFolder } = bench.options
  if (profileFolder === undefined || bench.system !== 'sluice') return meteredCpu(server, run)
  const inspector = await NodeInspector.open(server.said)
  await inspector.startProfile()
  const found = await meteredCpu(server, run)
  writeProfile(profileFolder, 'broker', await inspector.stopProfile())
  inspector.close()
  return found
}

async function meteredCpu<T>(server: MeasuredServer, run: () => Promise<T>): Promise<Metered<T>> {
  const before = cpuMsOf(server.pid)
  const result = await run()
  const after = cpuMsOf(server.pid)
  const isKnown = before !== undefined && after !== undefined
  return { result, serverCpuMs: isKnown ? after - before : undefined }
}

/** Processor microseconds a message, of server and client. */
export function cpuMetrics(
  messageCount: number,
  cpu: { clientCpuMs: number; serverCpuMs: number | undefined },
): Metric[] {
  const { clientCpuMs, serverCpuMs } = cpu
  const perMessage = (ms: number): number => (ms * 1000) / Math.max(1, messageCount)
  const metrics = [{ name: 'client cpu', unit: 'us/msg', value: perMessage(clientCpuMs) }]
  if (serverCpuMs === undefined) return metrics
  return [{ name: 'server cpu', unit: 'us/msg', value: perMessage(serverCpuMs) }, ...metrics]
}

/** Several loaders that worked at the same time, as one. */
export function perSecond(counted: readonly { messageCount: number; startedAt: number; endedAt: number }[]) {
  const messageCount = counted.reduce((sum, each) => sum + each.messageCount, 0)
  const startedAt = Math.min(...counted.map((each) => each.startedAt))
  const endedAt = Math.max(...counted.map((each) => each.endedAt))
  return { messageCount, value: (messageCount * 1000) / Math.max(1, endedAt - startedAt) }
}
