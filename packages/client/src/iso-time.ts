// Moments as callers give them, a Date or ISO 8601, and as the wire has them: ISO 8601.

import { BrokerError } from '@sluice/protocol/errors/broker-error'

/** Text is the broker's to judge. Throws `invalid-option` for a Date that is none. */
export function isoTime(name: string, moment: Date | string): string {
  if (typeof moment === 'string') return moment
  if (moment instanceof Date && !Number.isNaN(moment.getTime())) return moment.toISOString()
  throw new BrokerError('invalid-option', `${name} is no time; give a valid Date or ISO 8601`)
}
