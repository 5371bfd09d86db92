// Whatever is thrown, as the error that a peer or the caller of a door gets.

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

/** What a start failed with; a failed assertion stays what it is. */
export function asStartFailure(error: unknown): unknown {
  return expectedFailure(error) ?? error
}
