// Every bound of the native protocol's server, and what has to hold between them. Defaults are in config/.

import { assert } from '../../base/assert.ts'
import type { GateLimits } from '../connections/request-gate.ts'

export interface NativeLimits extends GateLimits {
  /** Largest frame that is taken from a client. */
  readonly frameBytesMax: number
  readonly connectionsMax: number
  /** Bytes in progress over all connections. Requests that have not arrived whole may take as much again. */
  readonly totalBytesInProgressMax: number
  readonly subscriptionsMax: number
  /** How long a new connection may take to say HELLO. */
  readonly handshakeTimeoutMs: number
  readonly keepAliveMsMin: number
  readonly keepAliveMsMax: number
  /** How long a peer may take nothing while bytes wait for it, or complete no frame while one has begun. */
  readonly stalledPeerMs: number
  /** How long stopping waits for requests in progress. */
  readonly stopTimeoutMs: number
}

/** What stands around a record batch in the frame of a PUBLISH or of the answer to a READ. */
export const batchFrameOverhead = 512

/** Largest first frame: who has not said HELLO is not worth the memory of a request. */
export const helloBytesMax: number = 16 * 1024

/** A control request is read as JSON, so it is not worth more. */
export const callBytesMax: number = 1024 * 1024

export function checkNativeLimits(limits: NativeLimits): void {
  assert(limits.frameBytesMax > callBytesMax, 'a frame holds a control request')
  assert(limits.keepAliveMsMin <= limits.keepAliveMsMax, 'the keep-alive bounds are in order')
  assert(limits.bytesInProgressMax <= limits.totalBytesInProgressMax, 'one connection fits into the total')
}
