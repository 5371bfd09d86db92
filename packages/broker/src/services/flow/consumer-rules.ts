// The rules of a flow consumer as they are given: bounds, and what they must not be together. Pure.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { defaultLimitOf } from '@sluice/protocol/model/consumer'
import type { ConsumerConfig, FlowRule, LiveLimit } from '@sluice/protocol/model/consumer'
import { parsePattern } from '@sluice/protocol/subject/pattern'
import type { Pattern } from '@sluice/protocol/subject/pattern'
import { Type } from 'typebox'
import type { TSchema } from 'typebox'
import { Shape } from '../../base/shape.ts'
import { checkStreamName } from '../streams/stream-config.ts'
import { LimitKey } from './state/limit-key.ts'

export const limitMax = 1_000_000
/** Slowest rate: one record in 11 days, so that what a rate makes wait has an end that a timer can name. */
const perSecondMin = 1e-6
const perSecondMax = 1e9
const burstMax = 1_000_000
const weightMax = 1000

const numberLimit = Type.Integer({ minimum: 1, maximum: limitMax })
const liveLimit = Type.Object(
  { bucket: Type.String(), key: Type.String(), default: numberLimit },
  { additionalProperties: false },
)

/** Why two shapes: what is wrong is told of the form of limit that was meant. */
const ruleShape = shapeWith(numberLimit)
const liveRuleShape = shapeWith(liveLimit)

function shapeWith(limit: TSchema): Shape<TSchema> {
  return new Shape(
    Type.Object(
      {
        match: Type.String(),
        limit,
        total: Type.Optional(numberLimit),
        rate: Type.Optional(
          Type.Object(
            {
              perSecond: Type.Number({ minimum: perSecondMin, maximum: perSecondMax }),
              burst: Type.Integer({ minimum: 1, maximum: burstMax }),
            },
            { additionalProperties: false },
          ),
        ),
        weight: Type.Optional(Type.Integer({ minimum: 1, maximum: weightMax })),
      },
      { additionalProperties: false },
    ),
  )
}

/**
 * The rules with their properties in one order, so that equal ones compare equal. Throws `invalid-rule`,
 * which names the rule by its number from 1 and says why it cannot hold.
 */
export function checkedRules(given: readonly unknown[]): FlowRule[] {
  const seen = new Map<string, number>()
  return given.map((value, index) => {
    const fault = shapeFor(value).faultOf(value)
    if (fault !== undefined) throw invalidRule(value, index, fault)
    const { match, limit, total, rate, weight } = value as FlowRule
    const pattern = parseRulePattern(value, index)
    if (typeof limit !== 'number') checkLiveLimit(value, index, limit, pattern)
    const shape = shapeOf(pattern)
    const other = seen.get(shape)
    if (other !== undefined) throw sameRule(given, other, index)
    seen.set(shape, index)
    const least = defaultLimitOf({ match, limit })
    if (total !== undefined && total < least) {
      const why = `'total' is ${total}, below 'limit' of ${least}, which no pool could reach`
      throw invalidRule(value, index, why)
    }
    return {
      match,
      limit: typeof limit === 'number' ? limit : { ...limit },
      ...(total === undefined ? {} : { total }),
      ...(rate === undefined ? {} : { rate: { perSecond: rate.perSecond, burst: rate.burst } }),
      ...(weight === undefined ? {} : { weight }),
    }
  })
}

function shapeFor(value: unknown): Shape<TSchema> {
  const limit: unknown = (value as { limit?: unknown } | null | undefined)?.limit
  return typeof limit === 'object' && limit !== null ? liveRuleShape : ruleShape
}

function checkLiveLimit(value: unknown, index: number, { bucket, key }: LiveLimit, pattern: Pattern): void {
  try {
    checkStreamName(bucket)
    void new LimitKey(
      key,
      pattern.captures.map(({ name }) => name),
    )
  } catch (error) {
    throw invalidRule(value, index, BrokerError.textOf(error))
  }
}

/** Why a consumer that settles what it delivers must not have rules: nothing is in flight to be counted. */
export function checkRulesCanCount({ ackPolicy, rules }: ConsumerConfig): void {
  if (ackPolicy !== 'none' || rules.length === 0) return
  const why = `with 'ackPolicy' none a record is settled when it is delivered, so that 'limit' cannot hold`
  throw invalidRule(rules[0], 0, why)
}

function sameRule(given: readonly unknown[], one: number, other: number): BrokerError {
  const [first, second] = [(given[one] as FlowRule).match, (given[other] as FlowRule).match]
  const also = first === second ? '' : ` ('${first}' captures the same tokens under other names)`
  return new BrokerError('invalid-rule', `Rules ${one + 1} and ${other + 1} both match '${second}'${also}`)
}

function invalidRule(value: unknown, index: number, why: string): BrokerError {
  const match: unknown = (value as { match?: unknown } | null | undefined)?.match
  const named = typeof match === 'string' ? ` ('${match}')` : ''
  return new BrokerError('invalid-rule', `Rule ${index + 1}${named}: ${why}`)
}

/** The pattern without the names of its captures: `*` and `{x}` differ, `{x}` and `{y}` do not. */
function shapeOf({ text, captures }: Pattern): string {
  const tokens = text.split('.')
  for (const { index } of captures) tokens[index] = '{}'
  return tokens.join('.')
}

function parseRulePattern(value: unknown, index: number): Pattern {
  try {
    return parsePattern((value as FlowRule).match)
  } catch (cause) {
    throw new BrokerError('invalid-rule', `Rule ${index + 1}: ${BrokerError.textOf(cause)}`, { cause })
  }
}
