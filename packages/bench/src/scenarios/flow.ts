// Every message is delivered and settled: without rules, with three pattern rules, and with three that
// capture a tenant, over few and many subjects. Messages are there before, so the consumer never waits for a
// publisher.

import { CAPTURE_RULES, PATTERN_RULES } from '../loader/load-messages.ts'
import type { BenchOptions, RuleKind } from '../options.ts'
import type { FlowRule } from '../targets/target.ts'
import { cpuMetrics, metered } from './metered.ts'
import { onlySluice } from './scenario.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

interface FlowCase extends Case {
  readonly subjectCount: number
  readonly rules: RuleKind
}

const payloadBytesDefault = 64
const messageCountDefault = 300_000
const consumer = 'bench'

export const flow: Scenario<FlowCase> = {
  name: 'flow',
  doc: 'delivering and settling every message, with and without rules',
  cases,
  refusal: (system, { rules }) => (rules === 'none' ? undefined : onlySluice(system)),
  measure,
}

const ruleTexts: Readonly<Record<RuleKind, string>> = {
  none: 'no rules',
  patterns: '3 pattern rules',
  captures: '3 rules with captures',
}

const rulesOf: Readonly<Record<RuleKind, readonly FlowRule[]>> = {
  none: [],
  patterns: PATTERN_RULES,
  captures: CAPTURE_RULES,
}

function cases({ subjectCounts, durabilities, ruleKinds }: BenchOptions): FlowCase[] {
  return durabilities.flatMap((durability) =>
    subjectCounts.flatMap((subjectCount) =>
      ruleKinds.map((rules) => {
        const name = `${subjectCount} subjects, ${ruleTexts[rules]}, ${durability}`
        return { name, durability, subjectCount, rules }
      }),
    ),
  )
}

async function measure(bench: Bench, { subjectCount, rules, durability }: FlowCase): Promise<Finding> {
  const { payloadBytes = payloadBytesDefault, seconds, window } = bench.options
  const messageCount = bench.options.messageCount ?? Math.max(messageCountDefault, subjectCount)
  const server = await bench.started()
  const loader = bench.loader(server)
  await loader.run('createStream', { durability })
  const hasTenants = rules === 'captures'
  await loader.run('preload', { messageCount, payloadBytes, subjectCount, hasTenants })
  await loader.run('createConsumer', { name: consumer, rules: rulesOf[rules], inFlightMax: window })
  const params = { consumer, window, messageCount, durationMs: seconds * 1000 }
  const { result, serverCpuMs } = await metered(bench, server, () => loader.run('consume', params))
  return {
    metrics: [
      { name: 'throughput', unit: 'msg/s', value: (result.messageCount * 1000) / result.elapsedMs },
      ...cpuMetrics(result.messageCount, { clientCpuMs: result.cpuMs, serverCpuMs }),
    ],
  }
}
