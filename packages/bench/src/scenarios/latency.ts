// Latency under an open load: messages are due at a fixed rate whatever comes back, and each is timed from
// when it was due.

import { atPercentile } from '../measure/latency.ts'
import type { BenchOptions } from '../options.ts'
import { metered } from './metered.ts'
import { canDoAll } from './scenario.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface LatencyCase extends Case {
  readonly perSecond: number
}

const payloadBytesDefault = 64
const subjectCount = 1000
const consumer = 'bench'
const shown = [50, 99, 99.9, 99.99] as const

export const latency: Scenario<LatencyCase> = {
  name: 'latency',
  doc: 'publish to ack and publish to delivery at fixed rates, from when a message was due',
  cases: ({ rates, durabilities }: BenchOptions) =>
    durabilities.flatMap((durability) =>
      rates.map((perSecond) => ({ name: `${perSecond}/s, ${durability}`, durability, perSecond })),
    ),
  refusal: canDoAll,
  measure,
}

async function measure(bench: Bench, { perSecond, durability }: LatencyCase): Promise<Finding> {
  const { payloadBytes = payloadBytesDefault, seconds, window } = bench.options
  const server = await bench.started()
  const loader = bench.loader(server)
  await loader.run('createStream', { durability })
  await loader.run('createConsumer', { name: consumer, rules: [], inFlightMax: window })
  const durationMs = seconds * 1000
  await loader.run('join', { consumer, window })
  const params = { perSecond, durationMs, payloadBytes, subjectCount, consumer, series: 'latency' }
  const { result } = await metered(bench, server, () => loader.run('latency', params))
  const { ack, deliver, ...counts } = result
  const metricsOf = (name: string, summary: typeof ack) =>
    shown.map((percentile) => {
      return { name: `${name} p${percentile}`, unit: 'ms', value: atPercentile(summary, percentile) }
    })
  return {
    metrics: [...metricsOf('deliver', deliver), ...metricsOf('ack', ack)],
    latencies: { ack, deliver },
    notes: notesOn(counts, Math.floor((perSecond * durationMs) / 1000)),
  }
}

function notesOn(
  counts: { sentCount: number; failedCount: number; missingCount: number; loaderLateMs: number },
  dueCount: number,
): string[] {
  const { sentCount, failedCount, missingCount, loaderLateMs } = counts
  const notes = [`the loader was late by ${loaderLateMs.toFixed(1)} ms at worst`]
  if (sentCount < dueCount) notes.push(`does not keep up: ${sentCount} of ${dueCount} were sent`)
  if (failedCount > 0) notes.push(`${failedCount} were refused`)
  if (missingCount > 0) notes.push(`${missingCount} were not delivered in time`)
  return notes
}
