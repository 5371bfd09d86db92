// What one saturated subject costs the others: their latency to delivery beside a hot subject at limit 1 with
// a mountain parked behind it, and without. Two brokers that are alike but for the mountain take turns, so
// what the machine does to one it does to the other.

import { HOT_SUBJECT, PATTERN_RULES } from '../loader/load-messages.ts'
import { atPercentile } from '../measure/latency.ts'
import type { LoaderProcess } from '../process/loader-process.ts'
import { onlySluice } from './scenario.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

const payloadBytesDefault = 64
const subjectCount = 1000
const consumer = 'bench'
const perSecond = 2000
const turns = 4

export const isolation: Scenario = {
  name: 'isolation',
  doc: 'latency of all others, beside one saturated subject with many parked and without',
  cases: ({ parkedCount, durabilities }) =>
    durabilities.map((durability) => {
      return { name: `${parkedCount} parked, ${perSecond}/s to others, ${durability}`, durability }
    }),
  refusal: onlySluice,
  measure,
}

async function measure(bench: Bench, { durability }: Case): Promise<Finding> {
  const alone = await readyLoader(bench, durability)
  const beside = await readyLoader(bench, durability, bench.options.parkedCount)
  const { payloadBytes = payloadBytesDefault, seconds } = bench.options
  const durationMs = (seconds * 1000) / turns
  const params = { perSecond, durationMs, payloadBytes, subjectCount, consumer, series: 'others' }
  let without = await alone.run('latency', params)
  let withHot = await beside.run('latency', params)
  for (let turn = 1; turn < turns; turn++) {
    without = await alone.run('latency', params)
    withHot = await beside.run('latency', params)
  }
  const at = (percentile: number) => {
    return [atPercentile(withHot.deliver, percentile), atPercentile(without.deliver, percentile)] as const
  }
  const [hotP99, coolP99] = at(99)
  const [hotP50, coolP50] = at(50)
  return {
    metrics: [
      { name: 'p99 with / without', unit: 'x', value: hotP99 / coolP99 },
      { name: 'p50 with / without', unit: 'x', value: hotP50 / coolP50 },
      { name: 'p99 with', unit: 'ms', value: hotP99 },
      { name: 'p99 without', unit: 'ms', value: coolP99 },
    ],
    latencies: { 'with hot subject': withHot.deliver, without: without.deliver },
    notes: withHot.missingCount > 0 ? [`${withHot.missingCount} were not delivered in time`] : [],
  }
}

/** A loader at a broker of its own, with so many parked behind a message that it holds. */
async function readyLoader(bench: Bench, durability: Case['durability'], parked = 0): Promise<LoaderProcess> {
  const server = await bench.started()
  const loader = bench.loader(server)
  await loader.run('createStream', { durability })
  const { payloadBytes = payloadBytesDefault, window } = bench.options
  const inFlightMax = window + 1
  await loader.run('createConsumer', { name: consumer, rules: PATTERN_RULES, inFlightMax })
  const hot = { messageCount: parked + 1, payloadBytes, subjectCount: 1, heldSubject: HOT_SUBJECT }
  if (parked > 0) await loader.run('preload', hot)
  await loader.run('join', { consumer, window: inFlightMax })
  await loader.run('untilParked', { consumer, messageCount: parked })
  return loader
}
