// What may be said when a message is settled, checked.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { cutReason, delayByBackoff, nackDelayMsMax } from '@sluice/protocol/native/flow-messages'

export interface NackOptions {
  /** When to deliver again at the earliest; without it the consumer's back-off decides. At most 30 days. */
  readonly delayMs?: number | undefined
  /** Why it failed; kept for the dead letter, cut to 1000 characters. */
  readonly reason?: string | undefined
}

/** The delay as it is sent. Throws `invalid-request`. */
export function nackDelayMs({ delayMs }: NackOptions): number {
  if (delayMs === undefined) return delayByBackoff
  if (Number.isFinite(delayMs) && delayMs >= 0 && delayMs <= nackDelayMsMax) return Math.ceil(delayMs)
  throw new BrokerError(
    'invalid-request',
    `delayMs is ${delayMs}; it must be from 0 to ${nackDelayMsMax} (30 days)`,
  )
}

export function reasonText(reason: string | undefined): string {
  return reason === undefined ? '' : cutReason(String(reason))
}
