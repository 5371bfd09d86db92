// What a flow consumer may be: the bounds of its configuration, and its defaults. Pure.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import { parsePattern } from '@sluice/protocol/subject/pattern'
import { Type } from 'typebox'
import { Shape } from '../../base/shape.ts'
import { checkStreamName } from '../streams/stream-config.ts'
import { checkedRules, checkRulesCanCount } from './consumer-rules.ts'
import { checkDeliverFrom } from './deliver-from.ts'

const consumerBounds = {
  rulesMax: 1024,
  filterMax: 256,
  maxInflightMax: 1_000_000,
  /** Longest wait or back-off: 30 days. */
  waitMsMax: 30 * 24 * 3_600_000,
  backoffMax: 64,
  maxDeliverMax: 1_000_000,
}
const nameForm = /^[A-Za-z0-9._-]{1,200}$/
const { maxInflightMax, waitMsMax, backoffMax, maxDeliverMax, rulesMax, filterMax } = consumerBounds

const configShape = new Shape(
  Type.Object(
    {
      filter: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: filterMax })),
      // Each is checked by itself, so that its number can be told.
      rules: Type.Optional(Type.Array(Type.Unknown(), { maxItems: rulesMax })),
      maxInflight: Type.Optional(Type.Integer({ minimum: 1, maximum: maxInflightMax })),
      ackWaitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: waitMsMax })),
      maxDeliver: Type.Optional(Type.Integer({ minimum: 0, maximum: maxDeliverMax })),
      backoffMs: Type.Optional(
        Type.Array(Type.Integer({ minimum: 0, maximum: waitMsMax }), { maxItems: backoffMax }),
      ),
      deadLetterStream: Type.Optional(Type.String()),
      deliverFrom: Type.Optional(Type.Unknown()),
      ackPolicy: Type.Optional(
        Type.Union([Type.Literal('explicit'), Type.Literal('all'), Type.Literal('none')]),
      ),
      onExhausted: Type.Optional(
        Type.Union([Type.Literal('dead-letter'), Type.Literal('drop'), Type.Literal('block')]),
      ),
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
  return changedConfig(stream, defaultConsumerConfig(stream), given)
}

/** What is not given; also what entries of the catalog lack that were written before there was more. */
export function defaultConsumerConfig(stream: string): ConsumerConfig {
  return {
    filter: ['>'],
    rules: [],
    maxInflight: 1000,
    ackWaitMs: 30_000,
    maxDeliver: 0,
    backoffMs: [],
    deadLetterStream: defaultDeadLetterStream(stream),
    deliverFrom: 'all',
    ackPolicy: 'explicit',
    onExhausted: 'dead-letter',
  }
}

/** The configuration after an alteration. Throws like `newConsumerConfig`. */
export function alteredConsumerConfig(
  stream: string,
  current: ConsumerConfig,
  changes: Partial<ConsumerConfig>,
): ConsumerConfig {
  const config = changedConfig(stream, current, changes)
  for (const name of ['deliverFrom', 'ackPolicy'] as const) {
    if (JSON.stringify(config[name]) === JSON.stringify(current[name])) continue
    const why =
      name === 'deliverFrom'
        ? 'a consumer begins once'
        : 'deliveries are out under the one that it began with'
    const text = `'${name}' is ${JSON.stringify(current[name])} and cannot be altered: ${why}`
    throw new BrokerError('invalid-consumer-config', text)
  }
  return config
}

function changedConfig(
  stream: string,
  current: ConsumerConfig,
  changes: Partial<ConsumerConfig>,
): ConsumerConfig {
  const fault = configShape.faultOf(changes)
  if (fault !== undefined) {
    const code = fault.includes('rules') ? 'invalid-rule' : 'invalid-consumer-config'
    throw new BrokerError(code, `The consumer's configuration is wrong: ${fault}`)
  }
  const { rules, deliverFrom } = { ...current, ...changes }
  const checked = { rules: checkedRules(rules), deliverFrom: checkDeliverFrom(deliverFrom) }
  const config = { ...current, ...changes, ...checked }
  for (const pattern of config.filter) parsePattern(pattern)
  checkAckPolicy(config)
  checkDeadLetterStream(stream, config.deadLetterStream)
  if (config.deadLetterStream === stream) {
    const text = `'deadLetterStream' is ${stream} itself: a dead letter would be delivered again`
    throw new BrokerError('dead-letter-loop', text)
  }
  return config
}

/** With `none` nothing is in flight and nothing fails: what would act on that is refused, not ignored. */
function checkAckPolicy(config: ConsumerConfig): void {
  if (config.ackPolicy !== 'none') return
  checkRulesCanCount(config)
  const idle =
    config.maxDeliver > 0
      ? 'maxDeliver'
      : config.backoffMs.length > 0
        ? 'backoffMs'
        : config.onExhausted === 'dead-letter'
          ? undefined
          : 'onExhausted'
  if (idle === undefined) return
  const why = 'what is delivered is settled, so that no attempt ever fails'
  const text = `'${idle}' cannot act with 'ackPolicy' none: ${why}`
  throw new BrokerError('invalid-consumer-config', text)
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
