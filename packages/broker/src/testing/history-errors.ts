// Which refusals are part of life in a history, and which say that something is wrong.

import type { ErrorCode } from '@sluice/protocol/errors/error-codes'

/** The way to the broker was broken, or it was ending. */
export const linkErrors: readonly ErrorCode[] = [
  'disconnected',
  'outcome-unknown',
  'timeout',
  'client-closed',
  'stopping',
]

/** Its disk was made to fail. */
export const diskErrors: readonly ErrorCode[] = [
  'disk-full',
  'partly-stored',
  'partition-offline',
  'io-failed',
  'settle-not-durable',
]

/** A stream or consumer was deleted by somebody else. */
export const goneErrors: readonly ErrorCode[] = [
  'unknown-stream',
  'stream-deleted',
  'unknown-consumer',
  'consumer-deleted',
]

export const publishErrors: readonly ErrorCode[] = [
  ...linkErrors,
  ...diskErrors,
  'partly-stored',
  'unknown-stream',
  'stream-deleted',
  'publish-buffer-full',
  'publish-overloaded',
]

/** `foreign-delivery` is none of them: a client settles on the subscription that a message came by. */
export const settleErrors: readonly ErrorCode[] = [
  ...linkErrors,
  ...diskErrors,
  ...goneErrors,
  'stale-delivery',
  'unknown-subscription',
]

/** Codes that promise: nothing of this was stored. */
export const refusals: readonly ErrorCode[] = [
  'disconnected',
  'disk-full',
  'publish-buffer-full',
  'publish-overloaded',
]
