// What the exit code of `sluice` says. docs/operating/cli.md lists the same, and a test compares the two.

import type { ErrorCode, ErrorKind } from '@sluice/protocol/errors/error-codes'

export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  damage: 5,
  denied: 6,
  /** What shells give a process that was ended by SIGINT. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

const byKind: Readonly<Record<ErrorKind, ExitCode>> = {
  invalid: exitCodes.usage,
  denied: exitCodes.denied,
  conflict: exitCodes.conflict,
  unavailable: exitCodes.failure,
  overloaded: exitCodes.failure,
  corrupt: exitCodes.damage,
  violation: exitCodes.failure,
  bug: exitCodes.failure,
}

/** Where the code says more than its kind. */
const byCode: Partial<Record<ErrorCode, ExitCode>> = {
  'unknown-stream': exitCodes.notFound,
  'unknown-partition': exitCodes.notFound,
  'unknown-consumer': exitCodes.notFound,
  'client-closed': exitCodes.failure,
  aborted: exitCodes.failure,
}

export function exitCodeOf(code: ErrorCode, kind: ErrorKind): ExitCode {
  return byCode[code] ?? byKind[kind]
}
