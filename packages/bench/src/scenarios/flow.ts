// Every message is delivered and settled: without rules, and with three pattern rules, over few and many
// subjects. Messages are there before, so the consumer never waits for a publisher.

import { PATTERN_RULES } from '../loader/load-messages.ts'
import type { BenchOptions } from '../options.ts'
import { cpuMetrics, metered } from './metered.ts'
import { onlySluice } from './scenario.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface FlowCase extends Case {
  readonly subjectCount: number
  readonly hasRules: boolean
}

const payloadBytesDefault = 64
const messageCountDefault = 300_000
const consumer = 'bench'

export const flow: Scenario<FlowCase> = {
  name: 'flow',
  doc: 'delivering and settling every message, with and without rules',
  cases,
  refusal: (system, { hasRules }) => (hasRules ? onlySluice(system) : undefined),
  measure,
}

function cases({ subjectCounts, durabilities }: BenchOptions): FlowCase[] {
  return durabilities.flatMap((durability) =>
    subjectCounts.flatMap((subjectCount) =>
      [false, true].map((hasRules) => {
        const rules = hasRules ? '3 pattern rules' : 'no rules'
        return {
          name: `${subjectCount} subjects, ${rules}, ${durability}`,
          durability,
          subjectCount,
          hasRules,
        }
      }),
    ),
  )
}

async function measure(bench: Bench, { subjectCount, hasRules, durability }: FlowCase): Promise<Finding> {
  const { payloadBytes = payloadBytesDefault, seconds, window } = bench.options
  const messageCount = bench.options.messageCount ?? Math.max(messageCountDefault, subjectCount)
  const server = await bench.started()
  const loader = bench.loader(server)
  await loader.run('createStream', { durability })
  await loader.run('preload', { messageCount, payloadBytes, subjectCount })
  const rules = hasRules ? PATTERN_RULES : []
  await loader.run('createConsumer', { name: consumer, rules, inFlightMax: window })
  const params = { consumer, window, messageCount, durationMs: seconds * 1000 }
  const { result, serverCpuMs } = await metered(bench, server, () => loader.run('consume', params))
  return {
    metrics: [
      { name: 'throughput', unit: 'msg/s', value: (result.messageCount * 1000) / result.elapsedMs },
      ...cpuMetrics(result.messageCount, { clientCpuMs: result.cpuMs, serverCpuMs }),
    ],
  }
}
