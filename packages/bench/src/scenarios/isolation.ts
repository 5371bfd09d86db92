// What one saturated subject costs the others: their latency to delivery beside a hot subject at limit 1 with
// a mountain parked behind it, and without. Two brokers that are alike but for the mountain take turns, many
// within one run; each turn gives a ratio, and the median of these is told: what the machine does to one turn
// it does to few others. How long each broker stood still for full garbage collections is told beside it.

import { HOT_SUBJECT, PATTERN_RULES } from '../loader/load-messages.ts'
import type { LatencyParams, LatencyResult } from '../loader/task-types.ts'
import { atPercentile } from '../measure/latency.ts'
import type { LoaderProcess } from '../process/loader-process.ts'
import { inspectFlag, NodeInspector } from '../process/node-inspector.ts'
import type { CollectionCounts } from '../process/node-inspector.ts'
import { onlySluice } from './scenario.ts'
import type { Bench, Case, Finding, Scenario } from './scenario.ts'

const payloadBytesDefault = 64
const subjectCount = 1000
const consumer = 'bench'
const perSecond = 2000
const turns = 6

export const isolation: Scenario = {
  name: 'isolation',
  doc: 'latency of all others, beside one saturated subject with many parked and without',
  needsOwnServer: true,
  cases: ({ parkedCount, durabilities }) =>
    durabilities.map((durability) => {
      return { name: `${parkedCount} parked, ${perSecond}/s to others, ${durability}`, durability }
    }),
  refusal: onlySluice,
  measure,
}

/** One broker with its load, and what its turns gave. */
interface Side {
  readonly loader: LoaderProcess
  readonly inspector: NodeInspector
  readonly turns: LatencyResult[]
  /** Of its broker, during its turns. */
  collections: CollectionCounts
}

async function measure(bench: Bench, { durability }: Case): Promise<Finding> {
  const alone = await readySide(bench, durability)
  const beside = await readySide(bench, durability, bench.options.parkedCount)
  const { payloadBytes = payloadBytesDefault, seconds } = bench.options
  const durationMs = (seconds * 1000) / turns
  const params = { perSecond, durationMs, payloadBytes, subjectCount, consumer }
  for (let turn = 0; turn < turns; turn++) {
    // Why in turns the other way round: the first of a pair has the colder machine.
    const order = turn % 2 === 0 ? [alone, beside] : [beside, alone]
    for (const side of order) await takeTurn(side, { ...params, series: `turn ${turn}` })
  }
  const finding = findingOf(alone, beside, durationMs * turns)
  for (const { inspector } of [alone, beside]) inspector.close()
  return finding
}

async function takeTurn(side: Side, params: LatencyParams): Promise<void> {
  const before = await side.inspector.collections()
  side.turns.push(await side.loader.run('latency', params))
  const after = await side.inspector.collections()
  side.collections = {
    fullCount: side.collections.fullCount + after.fullCount - before.fullCount,
    fullMs: side.collections.fullMs + after.fullMs - before.fullMs,
  }
}

function findingOf(alone: Side, beside: Side, totalMs: number): Finding {
  const ratio = (percentile: number): number =>
    median(
      beside.turns.map(
        ({ deliver }, turn) =>
          atPercentile(deliver, percentile) / atPercentile(alone.turns[turn]!.deliver, percentile),
      ),
    )
  const middle = ({ turns: own }: Side): number => median(own.map(({ deliver }) => atPercentile(deliver, 99)))
  const share = ({ collections }: Side): number => (100 * collections.fullMs) / totalMs
  const missing = beside.turns.reduce((sum, { missingCount }) => sum + missingCount, 0)
  const ratios = beside.turns.map(({ deliver }, turn) =>
    (atPercentile(deliver, 99) / atPercentile(alone.turns[turn]!.deliver, 99)).toFixed(2),
  )
  const collected = [beside, alone].map(({ collections }) => collections.fullCount)
  return {
    metrics: [
      { name: 'p99 with / without', unit: 'x', value: ratio(99) },
      { name: 'p50 with / without', unit: 'x', value: ratio(50) },
      { name: 'p99 with', unit: 'ms', value: middle(beside) },
      { name: 'p99 without', unit: 'ms', value: middle(alone) },
      { name: 'full gc with', unit: '%', value: share(beside) },
      { name: 'full gc without', unit: '%', value: share(alone) },
    ],
    latencies: {
      'with hot subject, last turn': beside.turns.at(-1)!.deliver,
      'without, last turn': alone.turns.at(-1)!.deliver,
    },
    notes: [
      `medians of ${turns} turns`,
      `p99 ratios ${ratios.join(' ')}`,
      `full collections ${collected.join(' and ')}`,
      ...(missing > 0 ? [`${missing} were not delivered in time`] : []),
    ],
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** A broker of its own, with so many parked behind a message that its loader holds. */
async function readySide(bench: Bench, durability: Case['durability'], parked = 0): Promise<Side> {
  const server = await bench.started([inspectFlag])
  const inspector = await NodeInspector.open(server.said)
  await inspector.countCollections()
  const loader = bench.loader(server)
  await loader.run('createStream', { durability })
  const { payloadBytes = payloadBytesDefault, window } = bench.options
  const inFlightMax = window + 1
  await loader.run('createConsumer', { name: consumer, rules: PATTERN_RULES, inFlightMax })
  const hot = { messageCount: parked + 1, payloadBytes, subjectCount: 1, heldSubject: HOT_SUBJECT }
  if (parked > 0) await loader.run('preload', hot)
  await loader.run('join', { consumer, window: inFlightMax })
  await loader.run('untilParked', { consumer, messageCount: parked })
  return { loader, inspector, turns: [], collections: { fullCount: 0, fullMs: 0 } }
}
