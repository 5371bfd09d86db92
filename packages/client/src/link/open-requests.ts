// All requests of a client that have no answer yet: bounds their bytes and ends those that wait too long.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ClientPlatform, PlatformTimer } from '../transport/platform.ts'
import { PendingRequest, abortedError } from './pending-request.ts'
import type { RequestSpec } from './pending-request.ts'

export interface RequestBounds {
  readonly requestTimeoutMs: number
  readonly maxBufferedBytes: number
}

export interface OpenRequestsHandler {
  /** Why a request that waits for a connection has none. */
  whyDisconnected(): string
  /** A request has its answer or its error. */
  ended(request: PendingRequest<unknown>): void
}

/** Deadlines are looked at this many times within the timeout: one timer for all instead of one each. */
const looksPerTimeout = 20

export class OpenRequests {
  readonly #platform: ClientPlatform
  readonly #bounds: RequestBounds
  readonly #handler: OpenRequestsHandler
  readonly #open = new Set<PendingRequest<unknown>>()
  #bufferedBytes = 0
  #timer: PlatformTimer | undefined
  #whenEmpty: (() => void) | undefined

  constructor(platform: ClientPlatform, bounds: RequestBounds, handler: OpenRequestsHandler) {
    this.#platform = platform
    this.#bounds = bounds
    this.#handler = handler
  }

  get count(): number {
    return this.#open.size
  }

  /** Throws `publish-buffer-full` or `aborted`. */
  add<T>(spec: RequestSpec<T>): PendingRequest<T> {
    if (spec.signal?.aborted === true) throw abortedError(spec.signal)
    this.reserve(spec.sizeBytes)
    const { requestTimeoutMs } = this.#bounds
    const deadlineMs = this.#platform.monotonicMs() + requestTimeoutMs + (spec.waitMs ?? 0)
    const request = new PendingRequest<T>(spec, deadlineMs, this.#ended)
    this.#open.add(request as PendingRequest<unknown>)
    this.#timer ??= this.#platform.after(requestTimeoutMs / looksPerTimeout, this.#look)
    return request
  }

  /** Counts bytes that are held on the way to a request. Throws `publish-buffer-full`. */
  reserve(sizeBytes: number): void {
    const { maxBufferedBytes } = this.#bounds
    if (this.#bufferedBytes + sizeBytes > maxBufferedBytes) {
      const held = `${this.#bufferedBytes} bytes wait for an answer`
      const text = `${held}, and ${sizeBytes} more are over ${maxBufferedBytes}`
      throw new BrokerError('publish-buffer-full', text)
    }
    this.#bufferedBytes += sizeBytes
  }

  release(sizeBytes: number): void {
    this.#bufferedBytes -= sizeBytes
  }

  failAll(error: BrokerError): void {
    for (const request of this.#open) request.fail(error)
  }

  /** Resolves as soon as nothing waits for an answer. */
  empty(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenEmpty = resolve
    })
  }

  readonly #ended = (request: PendingRequest<unknown>): void => {
    if (!this.#open.delete(request)) return
    this.release(request.spec.sizeBytes)
    this.#handler.ended(request)
    if (this.#open.size > 0) return
    // Why: a timer that is left over would keep the process alive.
    this.#timer?.cancel()
    this.#timer = undefined
    this.#whenEmpty?.()
    this.#whenEmpty = undefined
  }

  readonly #look = (): void => {
    this.#timer = undefined
    const nowMs = this.#platform.monotonicMs()
    for (const request of this.#open) if (request.deadlineMs <= nowMs) request.fail(this.#lateError(request))
    if (this.#open.size === 0) return
    this.#timer = this.#platform.after(this.#bounds.requestTimeoutMs / looksPerTimeout, this.#look)
  }

  #lateError(request: PendingRequest<unknown>): BrokerError {
    const waitedMs = this.#bounds.requestTimeoutMs + Math.max(0, request.spec.waitMs ?? 0)
    if (request.isSent) return new BrokerError('timeout', `The broker did not answer within ${waitedMs} ms`)
    const why = this.#handler.whyDisconnected()
    const text = `There was no connection for ${waitedMs} ms and nothing was sent: ${why}`
    return new BrokerError('disconnected', text)
  }
}
