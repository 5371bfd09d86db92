// What may be said when a message is settled, checked.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { cutReason, delayByBackoff, nackDelayMsMax, settleVerbs } from '@sluice/protocol/native/flow-messages'
import type { SettleVerb } from '@sluice/protocol/native/flow-messages'
import type { SettleTail } from './settle-frame.ts'

export interface NackOptions {
  /** When to deliver again at the earliest; without it the consumer's back-off decides. At most 30 days. */
  readonly delayMs?: number | undefined
  /** Why it failed; kept for the dead letter, cut to 1000 characters. */
  readonly reason?: string | undefined
}

/** What is sent with a nack or a reject. Throws `invalid-request` for what cannot be. */
export function settleTail(verb: SettleVerb, { delayMs, reason }: NackOptions): SettleTail {
  return {
    delayMs: verb === settleVerbs.nack ? nackDelayMs(delayMs) : 0,
    reason: reason === undefined ? '' : reasonText(reason),
  }
}

function nackDelayMs(delayMs: number | undefined): number {
  if (delayMs === undefined) return delayByBackoff
  if (Number.isFinite(delayMs) && delayMs >= 0 && delayMs <= nackDelayMsMax) return Math.ceil(delayMs)
  throw new BrokerError(
    'invalid-request',
    `delayMs is ${String(delayMs)}; it must be from 0 to ${nackDelayMsMax} (30 days)`,
  )
}

/** Why unknown: what is thrown and passed on as a reason is anything. */
function reasonText(reason: unknown): string {
  if (typeof reason === 'string') return cutReason(reason)
  try {
    return cutReason(reason instanceof Error ? reason.message : String(reason))
  } catch (cause) {
    throw new BrokerError('invalid-request', 'The reason is no text', { cause })
  }
}
