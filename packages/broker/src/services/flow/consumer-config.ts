// What a flow consumer may be: the bounds of its configuration, and its defaults. Pure.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ConsumerConfig, FlowRule } from '@sluice/protocol/model/consumer'
import { parsePattern } from '@sluice/protocol/subject/pattern'
import { Type } from 'typebox'
import { Shape } from '../../base/shape.ts'
import { checkStreamName } from '../streams/stream-config.ts'

const consumerBounds = {
  rulesMax: 1024,
  filterMax: 256,
  limitMax: 1_000_000,
  maxInflightMax: 1_000_000,
  /** Longest wait or back-off: 30 days. */
  waitMsMax: 30 * 24 * 3_600_000,
  backoffMax: 64,
  maxDeliverMax: 1_000_000,
}
const nameForm = /^[A-Za-z0-9._-]{1,200}$/
const { limitMax, maxInflightMax, waitMsMax, backoffMax, maxDeliverMax, rulesMax, filterMax } = consumerBounds

const rule = Type.Object(
  { match: Type.String(), limit: Type.Integer({ minimum: 1, maximum: limitMax }) },
  { additionalProperties: false },
)

const configShape = new Shape(
  Type.Object(
    {
      filter: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: filterMax })),
      rules: Type.Optional(Type.Array(rule, { maxItems: rulesMax })),
      maxInflight: Type.Optional(Type.Integer({ minimum: 1, maximum: maxInflightMax })),
      ackWaitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: waitMsMax })),
      maxDeliver: Type.Optional(Type.Integer({ minimum: 0, maximum: maxDeliverMax })),
      backoffMs: Type.Optional(
        Type.Array(Type.Integer({ minimum: 0, maximum: waitMsMax }), { maxItems: backoffMax }),
      ),
      deadLetterStream: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  ),
)

export function checkConsumerName(name: string): void {
  if (typeof name === 'string' && nameForm.test(name) && name !== '.' && name !== '..') return
  throw new BrokerError('invalid-consumer-name', `${JSON.stringify(name)} is no name for a consumer`)
}

/**
 * The whole configuration of a new consumer. Throws `invalid-consumer-config`, `invalid-pattern`,
 * `invalid-rule`, `invalid-stream-name` for that of the dead letters.
 */
export function newConsumerConfig(stream: string, given: Partial<ConsumerConfig>): ConsumerConfig {
  const defaults: ConsumerConfig = {
    filter: ['>'],
    rules: [],
    maxInflight: 1000,
    ackWaitMs: 30_000,
    maxDeliver: 0,
    backoffMs: [],
    deadLetterStream: defaultDeadLetterStream(stream),
  }
  return alteredConsumerConfig(stream, defaults, given)
}

/** The configuration after an alteration. Throws like `newConsumerConfig`. */
export function alteredConsumerConfig(
  stream: string,
  current: ConsumerConfig,
  changes: Partial<ConsumerConfig>,
): ConsumerConfig {
  const fault = configShape.faultOf(changes)
  if (fault !== undefined) {
    throw new BrokerError(
      fault.includes('rules') ? 'invalid-rule' : 'invalid-consumer-config',
      sentence(fault),
    )
  }
  const config = { ...current, ...changes }
  for (const pattern of config.filter) parsePattern(pattern)
  checkRules(config.rules)
  checkDeadLetterStream(stream, config.deadLetterStream)
  if (config.deadLetterStream === stream) {
    const text = `'deadLetterStream' is ${stream} itself: a dead letter would be delivered again`
    throw new BrokerError('invalid-consumer-config', text)
  }
  return config
}

/** The first property in which two configurations differ, as a sentence. */
export function consumerDifference(current: ConsumerConfig, wanted: ConsumerConfig): string | undefined {
  for (const name of Object.keys(wanted) as (keyof ConsumerConfig)[]) {
    const has = JSON.stringify(current[name])
    const asked = JSON.stringify(wanted[name])
    if (has !== asked) return `'${name}' is ${has}, not ${asked}`
  }
  return undefined
}

/** Throws `invalid-consumer-config` where it is the default that is no name, which nobody has written. */
function checkDeadLetterStream(stream: string, name: string): void {
  try {
    checkStreamName(name)
  } catch (cause) {
    const isDefault = name === defaultDeadLetterStream(stream)
    const text = isDefault
      ? `'deadLetterStream' must be set: ${name}, its default, is too long for a name of a stream`
      : `'deadLetterStream' is ${JSON.stringify(name)}, which is no name for a stream`
    throw new BrokerError(isDefault ? 'invalid-consumer-config' : 'invalid-stream-name', text, { cause })
  }
}

function defaultDeadLetterStream(stream: string): string {
  return `${stream}.dlq`
}

function checkRules(rules: readonly FlowRule[]): void {
  const seen = new Map<string, number>()
  rules.forEach(({ match }, index) => {
    const { captures } = parseRulePattern(match, index)
    if (captures.length > 0) {
      const text = `Rule ${index + 1} ('${match}') captures a token, which this version does not count by`
      throw new BrokerError('invalid-rule', text)
    }
    const other = seen.get(match)
    if (other !== undefined) {
      throw new BrokerError('invalid-rule', `Rules ${other + 1} and ${index + 1} both match '${match}'`)
    }
    seen.set(match, index)
  })
}

function parseRulePattern(match: string, index: number): ReturnType<typeof parsePattern> {
  try {
    return parsePattern(match)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new BrokerError('invalid-rule', `Rule ${index + 1}: ${why}`, { cause })
  }
}

function sentence(fault: string): string {
  return `The consumer's configuration is wrong: ${fault}`
}
