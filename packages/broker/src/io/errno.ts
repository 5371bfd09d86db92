// Turns what Node throws for a failed system call into an `IoError`; the only place that reads errno names.

import { IoError } from './io.ts'
import type { IoErrorKind } from './io.ts'

const kindOf: Readonly<Record<string, IoErrorKind>> = {
  ENOENT: 'not-found',
  EEXIST: 'exists',
  ENOTEMPTY: 'exists',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EMFILE: 'too-many-open',
  ENFILE: 'too-many-open',
  EADDRINUSE: 'in-use',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  ECONNABORTED: 'unreachable',
  EPIPE: 'unreachable',
  ETIMEDOUT: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
}

/**
 * `path` is the file or the address; an error without a known errno becomes `failed`, an
 * IoError stays itself.
 */
export function toIoError(error: unknown, path: string): IoError {
  if (error instanceof IoError) return error
  const code = errnoOf(error)
  const message = error instanceof Error ? error.message : String(error)
  return new IoError(kindOf[code] ?? 'failed', path, message, error)
}

/** The errno name such as `EINTR`, or an empty string. */
export function errnoOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}
