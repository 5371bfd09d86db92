// The options that say what a flow consumer is, for `consumer create` and `consumer alter`.

import type {
  AckPolicy,
  ConsumerConfig,
  DeliverFrom,
  Exhausted,
  FlowRule,
} from '@sluice/protocol/model/consumer'
import type { Command } from 'commander'
import { Option } from 'commander'
import { duration, durations, integer } from './number-options.ts'
import { rule } from './rule-option.ts'
import { deliverFrom, pattern, repeated } from './text-options.ts'

export interface ConsumerOptions {
  readonly filter?: string[]
  readonly rule?: FlowRule[]
  readonly maxInflight?: number
  readonly ackWait?: number
  readonly maxDeliver?: number
  readonly backoff?: number[]
  readonly deadLetterStream?: string
  readonly onExhausted?: Exhausted
  readonly deliverFrom?: DeliverFrom
  readonly ackPolicy?: AckPolicy
}

const countMax = 1_000_000
const waitMaxMs = 30 * 24 * 3_600_000
const backoffCountMax = 64

export function describeConsumerOptions(command: Command): Command {
  return command
    .option('--filter <pattern>', 'subjects that are delivered; repeatable', repeated(pattern))
    .option('--rule <rule>', 'pattern=limit, or with more: see below; repeatable', repeated(rule))
    .option('--max-inflight <count>', 'most records in flight over all subjects', integer(1, countMax))
    .option('--ack-wait <duration>', 'how long a delivery may be held; 0 for ever', duration(0, waitMaxMs))
    .option('--max-deliver <count>', 'attempts before a dead letter; 0 no limit', integer(0, countMax))
    .option(
      '--backoff <durations>',
      'waits between attempts: 100ms,1s,30s',
      durations(waitMaxMs, backoffCountMax),
    )
    .option('--dead-letter-stream <stream>', 'where dead letters go (default: <stream>.dlq)')
    .addOption(
      new Option('--on-exhausted <what>', 'what becomes of a record whose last attempt failed').choices([
        'dead-letter',
        'drop',
        'block',
      ]),
    )
}

/** Cannot be altered: a consumer begins once. */
export function describeBeginning(command: Command): Command {
  return command
    .option(
      '--deliver-from <place>',
      'where it begins: all, new, last, last-per-subject, an offset, a time',
      deliverFrom,
    )
    .addOption(
      new Option('--ack-policy <policy>', 'explicit; all: an ack settles all before it; none').choices([
        'explicit',
        'all',
        'none',
      ]),
    )
}

/** For the help of both commands. */
export const ruleNotes = `A rule is PATTERN=LIMIT, or 'PATTERN limit=5 total=50 rate=10/s burst=20
weight=2', or a JSON object. A subject may have LIMIT messages in flight; with a capture ({tenant}) all
subjects that capture the same share it. 'total' counts all of them together, 'rate' is per subject or
capture, and 'weight' is how many messages a subject is given each time it has its turn.`

/** What was named, and nothing else. */
export function consumerConfigOf(options: ConsumerOptions): Partial<ConsumerConfig> {
  const { filter, rule: rules, ackWait, backoff, ...others } = options
  return {
    ...others,
    ...(filter !== undefined && { filter }),
    ...(rules !== undefined && { rules }),
    ...(ackWait !== undefined && { ackWaitMs: ackWait }),
    ...(backoff !== undefined && { backoffMs: backoff }),
  }
}

/** The rules after an alteration: the rule of a pattern that has one is replaced as a whole. */
export function alteredRules(
  current: readonly FlowRule[],
  set: readonly FlowRule[],
  removed: readonly string[],
): FlowRule[] {
  const rules = new Map(current.map((one) => [one.match, one]))
  for (const match of removed) rules.delete(match)
  for (const one of set) rules.set(one.match, one)
  return [...rules.values()]
}
