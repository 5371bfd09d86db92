// From whatever a command threw to one line on standard error and an exit code. Must never show a stack.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import type { ExitCode } from './exit-codes.ts'
import { oneLine } from './output/plain-text.ts'

/** The command line itself is wrong; `message` says what and how. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

export interface Failure {
  /** A code of the registry, `usage`, or the operating system's name for it. */
  readonly code: string
  readonly message: string
  readonly exitCode: ExitCode
  /** Whether the same command can succeed later. */
  readonly isRetryable: boolean
}

export function failureOf(error: unknown): Failure {
  if (error instanceof BrokerError) {
    const { code, kind, message, isRetryable } = error
    return { code, message, exitCode: exitCodeOf(code, kind), isRetryable }
  }
  if (error instanceof UsageError) {
    return { code: 'usage', message: error.message, exitCode: exitCodes.usage, isRetryable: false }
  }
  const { code, message } = error as NodeJS.ErrnoException
  const name = typeof code === 'string' ? code : 'internal'
  return { code: name, message: String(message ?? error), exitCode: exitCodes.failure, isRetryable: false }
}

export function failureText({ code, message, exitCode, isRetryable }: Failure, isJson: boolean): string {
  if (isJson) return `${JSON.stringify({ error: { code, message, exitCode, isRetryable } })}\n`
  return `sluice: ${oneLine(message)} [${code}]\n`
}
