// The one class of errors that Sluice throws, on either side of the wire.

import { ERROR_CODES } from './error-codes.ts'
import type { ErrorCode, ErrorKind } from './error-codes.ts'

/** Switch on `kind` to decide what to do, on `code` to tell cases apart; `message` is for people. */
export class BrokerError extends Error {
  readonly code: ErrorCode
  readonly kind: ErrorKind

  /** `text` says what happened, naming the thing; what to do about it is added from the registry. */
  constructor(code: ErrorCode, text: string, options?: { cause?: unknown }) {
    super(`${text}. ${ERROR_CODES[code].advice}`, options)
    this.name = 'BrokerError'
    this.code = code
    this.kind = ERROR_CODES[code].kind
  }

  /** An error that came over the wire with its whole text. */
  static received(code: ErrorCode, message: string): BrokerError {
    const error = new BrokerError(code, message)
    error.message = message
    return error
  }

  /** What happened, without what to do about it: to be said as part of another error. */
  get text(): string {
    const advice = `. ${ERROR_CODES[this.code].advice}`
    return this.message.endsWith(advice) ? this.message.slice(0, -advice.length) : this.message
  }

  /** What an error that was caught says of what happened. */
  static textOf(error: unknown): string {
    if (error instanceof BrokerError) return error.text
    return error instanceof Error ? error.message : String(error)
  }

  /** Whether the same request can succeed later without being changed. */
  get isRetryable(): boolean {
    return this.kind === 'unavailable' || this.kind === 'overloaded'
  }
}
