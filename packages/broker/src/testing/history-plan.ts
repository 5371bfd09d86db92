// What one history is about, drawn from its seed: streams, flow consumers with their rules, and bounds of
// the broker so small that segments roll, parked records spill and journals are compacted within seconds.
// Pure: draws, and starts nothing.

import type { ConsumerConfig, FlowRule } from '@sluice/protocol/model/consumer'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import type { BrokerLimits } from '../config/read-config.ts'
import type { SimRandom } from './sim-random.ts'

export interface HistoryOptions {
  readonly seed: number
  /** How many things happen before all is healed and looked at. */
  readonly steps: number
  /** Whether the broker recounts everything after each round. */
  readonly areInvariantsChecked: boolean
}

export interface ConsumerPlan {
  readonly name: string
  readonly config: ConsumerConfig
}

export interface StreamPlan {
  readonly name: string
  readonly config: StreamConfig
  readonly subjects: readonly string[]
  readonly consumers: readonly ConsumerPlan[]
}

/** Bounds that no user can set so low. */
export interface SmallSizes {
  readonly segmentBytes: number
  readonly compactBytesMin: number
}

export interface HistoryPlan {
  readonly streams: readonly StreamPlan[]
  readonly limits: Partial<BrokerLimits>
  readonly sizes: SmallSizes
}

export const clientNames = ['alpha', 'beta', 'gamma'] as const

const kib = 1024

export function drawPlan(random: SimRandom): HistoryPlan {
  const streamCount = random.chance(0.6) ? 1 : 2
  return {
    streams: Array.from({ length: streamCount }, (_, index) => drawStream(random, `S${index}`)),
    limits: {
      parkedMax: random.pick([0, 1, 3, 20, 50, 100_000]),
      recordCacheBytes: random.pick([0, 2 * kib, 1024 * kib]),
      tailCacheBytes: random.pick([0, 4 * kib, 1024 * kib]),
      segmentMs: random.pick([1000, 20_000, 3_600_000]),
      indexIntervalBytes: 512,
      keepAliveMsMin: 1000,
      stalledPeerMs: 3000,
      stopTimeoutMs: 5000,
    },
    sizes: {
      segmentBytes: random.pick([2, 8, 64]) * kib,
      compactBytesMin: random.pick([1, 4, 64]) * kib,
    },
  }
}

function drawStream(random: SimRandom, name: string): StreamPlan {
  const partitions = random.int(1, 3)
  const subjects = Array.from({ length: random.int(1, 8) }, (_, index) => {
    return `t.${random.pick(['a', 'b', 'c'])}.${index}`
  })
  const durability = random.pick(['fsync', 'fsync', 'fsync', 'os', 'os', 'memory'] as const)
  const keepsAll = { maxAgeMs: 0, maxBytes: 0, maxMessages: 0 }
  const config = { subjects: ['t.>'], partitions, durability, messageBytesMax: 64 * kib, ...keepsAll }
  const consumers = Array.from({ length: random.int(1, 3) }, (_, index) => ({
    name: `C${index}`,
    config: drawConsumer(random, name, `${name}.dlq${index}`),
  }))
  return { name, config, subjects, consumers }
}

function drawConsumer(random: SimRandom, stream: string, ownDeadLetters: string): ConsumerConfig {
  return {
    filter: random.pick([['>'], ['>'], ['t.>'], ['t.a.>', 't.b.>'], ['t.*.0', 't.*.1', 't.c.>']]),
    rules: drawRules(random),
    maxInflight: random.pick([1, 4, 20, 500]),
    ackWaitMs: random.pick([300, 1000, 5000, 0]),
    maxDeliver: random.pick([0, 0, 1, 2, 5]),
    backoffMs: random.pick([[], [], [50], [20, 200, 1000]]),
    deadLetterStream: random.chance(0.5) ? `${stream}.dlq` : ownDeadLetters,
  }
}

/** Literals and wildcards that overlap; half of all limits are 1, for order. */
export function drawRules(random: SimRandom): FlowRule[] {
  const matches = ['t.>', 't.*.*', 't.a.>', 't.b.*', 't.a.0', 't.b.1', 't.c.2', 't.*.3']
  return matches
    .filter(() => random.chance(0.4))
    .map((match) => ({ match, limit: random.chance(0.5) ? 1 : random.int(2, 30) }))
}
