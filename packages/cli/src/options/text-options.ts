// Patterns, rules, headers and places in a log as the command line writes them, and options that may be
// repeated. Each parser throws what makes commander name the option.

import type { FlowRule, LogStart } from '@sluice/client'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { parsePattern } from '@sluice/protocol/subject/pattern'
import { InvalidArgumentError } from 'commander'
import { integer } from './number-options.ts'

const limitMax = 1_000_000

/** An option that may be given several times: all its values, in order. */
export function repeated<Value>(parse: (text: string) => Value): (text: string, before?: Value[]) => Value[] {
  return (text, before = []) => [...before, parse(text)]
}

export function pattern(text: string): string {
  try {
    return parsePattern(text).text
  } catch (error) {
    if (error instanceof BrokerError) throw new InvalidArgumentError(error.message)
    throw error
  }
}

const limit = integer(1, limitMax)

/** `orders.premium.>=30`. A pattern may hold `=`, so the last one separates. */
export function rule(text: string): FlowRule {
  const at = text.lastIndexOf('=')
  if (at < 0) throw new InvalidArgumentError("Write PATTERN=LIMIT, such as 'orders.premium.>=30'.")
  return { match: pattern(text.slice(0, at)), limit: limit(text.slice(at + 1)) }
}

/** `name=value`. A value may hold `=`, so the first one separates. */
export function header(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write NAME=VALUE.')
  return [text.slice(0, at), text.slice(at + 1)]
}

/** `first`, `last`, `next`, an offset, or a time of ISO 8601. */
export function logStart(text: string): LogStart {
  if (text === 'first' || text === 'last' || text === 'next') return text
  if (/^\d+$/.test(text)) return { offset: integer(0, Number.MAX_SAFE_INTEGER)(text) }
  const timeMs = /^\d{4}-\d\d/.test(text) ? Date.parse(text) : NaN
  if (timeMs >= 0) return { time: timeMs }
  throw new InvalidArgumentError(
    'Write first, last, next, an offset, or a time such as 2026-01-31T08:00:00Z.',
  )
}
