// What one history is about, drawn from its seed: streams, flow consumers with their rules, and bounds of
// the broker so small that segments roll, parked records spill and journals are compacted within seconds.
// Pure: draws, and starts nothing.

import type {
  AckPolicy,
  ConsumerConfig,
  DeliverFrom,
  FlowRate,
  FlowRule,
} from '@sluice/protocol/model/consumer'
import type { StreamConfig } from '@sluice/protocol/model/stream'
import type { BrokerLimits } from '../config/read-config.ts'
import { streamDefaults } from '../services/streams/stream-config.ts'
import type { ReferenceStream } from './reference-stream.ts'
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
  /** Whether its consumers may have any; without, it may grow. */
  readonly hasRules: boolean
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
const exhausted = ['dead-letter', 'dead-letter', 'drop', 'block'] as const

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
  const hasRules = random.chance(0.85)
  const durability = random.pick(['fsync', 'fsync', 'fsync', 'os', 'os', 'memory'] as const)
  const keeps = { ...streamDefaults, ...drawRetention(random) }
  const config = { ...keeps, subjects: ['t.>'], partitions, durability, messageBytesMax: 64 * kib }
  const consumers = Array.from({ length: random.int(1, 3) }, (_, index) => ({
    name: `C${index}`,
    config: drawConsumer(random, { stream: name, ownDeadLetters: `${name}.dlq${index}`, hasRules }),
  }))
  return { name, config, subjects: drawSubjects(random), hasRules, consumers }
}

/** Some have captures in common, and some differ only in where a dot stands. */
function drawSubjects(random: SimRandom): string[] {
  const subjects = Array.from({ length: random.int(1, 8) }, (_, index) => {
    return `t.${random.pick(['a', 'b', 'c'])}.${index}`
  })
  const shared = ['t.a.bc.1', 't.ab.c.1', 't.a.bc.2', 't.ab.c.2']
  return random.chance(0.6) ? [...subjects, ...shared] : subjects
}

function drawRetention(random: SimRandom): Partial<StreamConfig> {
  if (random.chance(0.75)) return {}
  return random.pick([{ maxMessages: 200 }, { maxBytes: 16 * kib }, { maxAgeMs: 4000 }])
}

function drawConsumer(
  random: SimRandom,
  { stream, ownDeadLetters, hasRules }: { stream: string; ownDeadLetters: string; hasRules: boolean },
): ConsumerConfig {
  const ackPolicy = drawAckPolicy(random)
  const isSettledByItself = ackPolicy === 'none'
  return {
    filter: drawFilter(random),
    rules: hasRules && !isSettledByItself ? drawRules(random) : [],
    maxInflight: random.pick([1, 4, 20, 500]),
    ackWaitMs: random.pick([300, 1000, 5000, 0]),
    maxDeliver: isSettledByItself ? 0 : random.pick([0, 0, 1, 2, 5]),
    backoffMs: isSettledByItself ? [] : random.pick([[], [], [50], [20, 200, 1000]]),
    deadLetterStream: random.chance(0.5) ? `${stream}.dlq` : ownDeadLetters,
    deliverFrom: 'all',
    ackPolicy,
    onExhausted: isSettledByItself ? 'dead-letter' : random.pick(exhausted),
  }
}

function drawAckPolicy(random: SimRandom): AckPolicy {
  return random.pick([
    'explicit',
    'explicit',
    'explicit',
    'explicit',
    'explicit',
    'all',
    'all',
    'none',
  ] as const)
}

export function drawFilter(random: SimRandom): string[] {
  return random.pick([['>'], ['>'], ['t.>'], ['t.a.>', 't.b.>'], ['t.*.0', 't.*.1', 't.c.>']])
}

/** Of a consumer that comes when there are records already. */
export function drawDeliverFrom(
  random: SimRandom,
  wallMs: number,
  { durability, partitions }: ReferenceStream,
): DeliverFrom {
  // Why: an offset that every partition has, and keeps.
  const shortest = durability === 'fsync' ? Math.min(...partitions.map(({ length }) => length)) : 0
  return random.pick([
    'all',
    'new',
    'last',
    'last-per-subject',
    { fromOffset: random.int(0, shortest) },
    { fromTime: new Date(wallMs - random.int(0, 10_000)).toISOString() },
  ] as const)
}

/** Literals, wildcards and captures that overlap; half of all limits are 1, for order. */
export function drawRules(random: SimRandom): FlowRule[] {
  const matches = ['t.>', 't.*.*', 't.a.>', 't.b.*', 't.a.0', 't.b.1', 't.c.2', 't.*.3']
  const capturing = ['t.{x}.{y}.*', 't.{x}.{y}.>', 't.{x}.>', 't.*.{last}', '{all}.>']
  const chosen = [
    ...matches.filter(() => random.chance(0.35)),
    ...capturing.filter((_, index) => random.chance(index === 0 ? 0.5 : 0.25)),
  ]
  return chosen.map((match) => drawRule(random, match))
}

function drawRule(random: SimRandom, match: string): FlowRule {
  const limit = random.chance(0.5) ? 1 : random.int(2, 30)
  return {
    match,
    limit,
    ...(random.chance(0.35) && { total: limit + random.int(0, 3) }),
    ...(random.chance(0.15) && { rate: drawRate(random) }),
    ...(random.chance(0.2) && { weight: random.int(2, 5) }),
  }
}

/** Fast enough that no history waits long for what is parked. */
function drawRate(random: SimRandom): FlowRate {
  return { perSecond: random.pick([20, 50, 200.5, 1000]), burst: random.pick([1, 3, 20]) }
}
