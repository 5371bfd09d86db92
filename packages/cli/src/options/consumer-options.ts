// The options that say what a flow consumer is, for `consumer create` and `consumer alter`.

import type { ConsumerConfig, FlowRule } from '@sluice/client'
import type { Command } from 'commander'
import { duration, durations, integer } from './number-options.ts'
import { pattern, repeated, rule } from './text-options.ts'

export interface ConsumerOptions {
  readonly filter?: string[]
  readonly rule?: FlowRule[]
  readonly maxInflight?: number
  readonly ackWait?: number
  readonly maxDeliver?: number
  readonly backoff?: number[]
  readonly deadLetterStream?: string
}

const countMax = 1_000_000
const waitMaxMs = 30 * 24 * 3_600_000
const backoffCountMax = 64

export function describeConsumerOptions(command: Command): Command {
  return command
    .option('--filter <pattern>', 'subjects that are delivered; repeatable', repeated(pattern))
    .option('--rule <pattern=limit>', 'most records of one subject in flight; repeatable', repeated(rule))
    .option('--max-inflight <count>', 'most records in flight over all subjects', integer(1, countMax))
    .option('--ack-wait <duration>', 'how long a delivery may be held; 0 for ever', duration(0, waitMaxMs))
    .option('--max-deliver <count>', 'attempts before a dead letter; 0 no limit', integer(0, countMax))
    .option(
      '--backoff <durations>',
      'waits between attempts: 100ms,1s,30s',
      durations(waitMaxMs, backoffCountMax),
    )
    .option('--dead-letter-stream <stream>', 'where dead letters go (default: <stream>.dlq)')
}

/** What was named, and nothing else. */
export function consumerConfigOf(options: ConsumerOptions): Partial<ConsumerConfig> {
  const { filter, rule: rules, maxInflight, ackWait, maxDeliver, backoff, deadLetterStream } = options
  return {
    ...(filter !== undefined && { filter }),
    ...(rules !== undefined && { rules }),
    ...(maxInflight !== undefined && { maxInflight }),
    ...(ackWait !== undefined && { ackWaitMs: ackWait }),
    ...(maxDeliver !== undefined && { maxDeliver }),
    ...(backoff !== undefined && { backoffMs: backoff }),
    ...(deadLetterStream !== undefined && { deadLetterStream }),
  }
}

/** The rules after an alteration: the rule of a pattern that has one is replaced. */
export function alteredRules(
  current: readonly FlowRule[],
  set: readonly FlowRule[],
  removed: readonly string[],
): FlowRule[] {
  const limits = new Map(current.map(({ match, limit }) => [match, limit]))
  for (const match of removed) limits.delete(match)
  for (const { match, limit } of set) limits.set(match, limit)
  return [...limits].map(([match, limit]) => ({ match, limit }))
}
