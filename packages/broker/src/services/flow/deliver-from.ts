// Where a new consumer begins, as it is given. Pure; begin-consumer.ts finds the offsets.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { DeliverFrom } from '@sluice/protocol/model/consumer'
import { parseTime } from './iso-time.ts'

const words = ['all', 'new', 'last', 'last-per-subject'] as const

/** Throws `invalid-consumer-config`. */
export function checkDeliverFrom(given: unknown): DeliverFrom {
  if (typeof given === 'string' && (words as readonly string[]).includes(given)) return given as DeliverFrom
  if (typeof given === 'object' && given !== null && Object.keys(given).length === 1) {
    const { fromOffset, fromTime } = given as { fromOffset?: unknown; fromTime?: unknown }
    if (Number.isSafeInteger(fromOffset) && (fromOffset as number) >= 0) {
      return { fromOffset: fromOffset as number }
    }
    if (typeof fromTime === 'string' && parseTime(fromTime) !== undefined) return { fromTime }
  }
  const text =
    `'deliverFrom' is ${shown(given)}, which is no place to begin: use ${words.join(', ')}, ` +
    `{ "fromOffset": n } with n from 0 on, or { "fromTime": t } with t as ISO 8601`
  throw new BrokerError('invalid-consumer-config', text)
}

function shown(given: unknown): string {
  return (JSON.stringify(given) ?? String(given)).slice(0, 100)
}
