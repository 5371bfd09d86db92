// What a refusal has to look like: a code of the registry, its kind, and a text that says what to do.

import assert from 'node:assert/strict'
import { BrokerError } from '@sluice/client'
import { ERROR_CODES } from '@sluice/protocol/errors/error-codes'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'

/** Awaits a refusal with this code. `naming` must occur in its text: the thing that it is about. */
export async function refused(
  promise: Promise<unknown>,
  code: ErrorCode,
  naming: string | RegExp = '',
): Promise<void> {
  const error = await promise.then(
    () => assert.fail(`it was not refused with ${code}`),
    (reason: unknown) => reason,
  )
  assertRefusal(error, code, naming)
}

export function assertRefusal(error: unknown, code: ErrorCode, naming: string | RegExp = ''): void {
  assert.ok(error instanceof BrokerError, `no BrokerError: ${String(error)}`)
  const { advice, kind } = ERROR_CODES[code]
  assert.equal(error.code, code, error.message)
  assert.equal(error.kind, kind)
  assert.ok(error.message.endsWith(advice), `'${error.message}' does not say what to do`)
  const isNamed = typeof naming === 'string' ? error.message.includes(naming) : naming.test(error.message)
  assert.ok(isNamed, `'${error.message}' does not name ${String(naming)}`)
}
