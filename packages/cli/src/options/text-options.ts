// Patterns, headers, times and places in a log as the command line writes them, and options that may be
// repeated. Each parser throws what makes commander name the option.

import type { LogStart } from '@sluice/client'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { DeliverFrom, MessagePlace } from '@sluice/protocol/model/consumer'
import { parsePattern } from '@sluice/protocol/subject/pattern'
import { InvalidArgumentError } from 'commander'
import { integer } from './number-options.ts'

export const partitionMax = 0xffff

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
  const timeMs = timeOf(text)
  if (timeMs >= 0) return { time: timeMs }
  throw new InvalidArgumentError(
    'Write first, last, next, an offset, or a time such as 2026-01-31T08:00:00Z.',
  )
}

/** Where a consumer begins: `all`, `new`, `last`, `last-per-subject`, an offset, or a time of ISO 8601. */
export function deliverFrom(text: string): DeliverFrom {
  if (text === 'all' || text === 'new' || text === 'last' || text === 'last-per-subject') return text
  if (/^\d+$/.test(text)) return { fromOffset: integer(0, Number.MAX_SAFE_INTEGER)(text) }
  const timeMs = timeOf(text)
  if (timeMs >= 0) return { fromTime: new Date(timeMs).toISOString() }
  throw new InvalidArgumentError(
    'Write all, new, last, last-per-subject, an offset, or a time such as 2026-01-31T08:00:00Z.',
  )
}

/** A time of ISO 8601, as the broker is told it. */
export function time(text: string): string {
  const timeMs = timeOf(text)
  if (timeMs >= 0) return new Date(timeMs).toISOString()
  throw new InvalidArgumentError('Write a time such as 2026-01-31T08:00:00Z.')
}

/** `partition:offset`, as `read` and `dead-letter list` show it. */
export function place(text: string): MessagePlace {
  const match = /^(\d+):(\d+)$/.exec(text)
  if (match === null) throw new InvalidArgumentError('Write PARTITION:OFFSET, such as 0:1200.')
  return {
    partition: integer(0, partitionMax)(match[1]!),
    offset: integer(0, Number.MAX_SAFE_INTEGER)(match[2]!),
  }
}

/** NaN for what is no time. */
export function timeOf(text: string): number {
  return /^\d{4}-\d\d/.test(text) ? Date.parse(text) : NaN
}
