// What a handler of a request sees of its connection. `native-connection.ts` implements it.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import type { CallMethod } from '@sluice/protocol/native/calls'
import type { Logger } from '../../base/logger.ts'
import type { GivenUpLines } from '../connections/given-up-lines.ts'
import type { SharedBounds } from '../connections/request-gate.ts'
import type { FrameOutbox } from './frame-outbox.ts'
import type { NativeLimits } from './native-limits.ts'
import type { CallServices } from './run-call.ts'
import type { SubscriptionTable } from './subscription-table.ts'

/** What all connections of a broker share. */
export interface NativeServices extends CallServices {
  readonly logger: Logger
  readonly limits: NativeLimits
  /** What all connections of this process have together. */
  readonly bounds: SharedBounds
  readonly givenUp: GivenUpLines
  /** Absent: every call is carried out here. */
  readonly router?: CallRouter
}

/** Knows which calls another node carries out. */
export interface CallRouter {
  /** Has another node carry it out, or makes it ready to be carried out here; undefined: here, at once. */
  route(method: CallMethod, params: unknown): Promise<unknown> | undefined
}

export interface NativeSession {
  readonly services: NativeServices
  readonly outbox: FrameOutbox
  readonly subscriptions: SubscriptionTable
  /** The peer, for people: what it calls itself and where it is. */
  readonly peerName: string
  /** Whether the bytes of the present request may be kept. Ask before the first wait. */
  readonly isRequestOwned: boolean
  /**
   * Aborted, with a `BrokerError` as its reason, when no request of this connection can be answered any more.
   */
  readonly signal: AbortSignal
  /** Counts bytes that an answer will need against the connection's bound; give them back with `release`. */
  reserve(bytes: number): void
  release(bytes: number): void
  /** No request after the one that is being carried out begins before `letGo`. Once for each `hold`. */
  hold(): void
  letGo(): void
}

/**
 * Answers one request. `body` reads bytes that are borrowed until the first wait, unless the session says
 * that they may be kept. What is done before the first wait is done in the order of the requests. Errors are
 * thrown, and answered by the connection.
 */
export type Handler = (session: NativeSession, correlation: number, body: ByteReader) => Promise<void> | void
