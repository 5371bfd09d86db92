// Whatever a handler throws as the error that the peer gets.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { IoError } from '../../io/io.ts'

/** Undefined for what nobody foresaw: that is for our log, not for the peer. */
export function expectedFailure(error: unknown): BrokerError | undefined {
  if (error instanceof BrokerError) return error
  if (!(error instanceof IoError)) return undefined
  const code = error.kind === 'full' ? 'disk-full' : 'io-failed'
  return new BrokerError(code, error.message, { cause: error })
}

/** For what a peer sent outside of any request that could be answered: the connection ends with it. */
export function asViolation(error: unknown): BrokerError {
  const expected = expectedFailure(error)
  if (expected?.kind === 'violation') return expected
  const why = error instanceof Error ? error.message : String(error)
  return new BrokerError('malformed-frame', `A frame cannot be read: ${why}`, { cause: error })
}
