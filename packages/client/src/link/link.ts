// The way to a broker that outlives its connections: connects, connects again, and carries requests over.
// Knows frames and requests; must not know what publishing or delivering is.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { SubscriptionEnded } from '@sluice/protocol/native/flow-messages'
import type { ClientSettings } from '../client-options.ts'
import type { ClientPlatform, PlatformTimer } from '../transport/platform.ts'
import { Dialer } from './dialer.ts'
import { OpenRequests } from './open-requests.ts'
import type { PendingRequest, RequestSpec } from './pending-request.ts'
import type { ServerAddress } from './server-address.ts'
import type { Session } from './session.ts'

export interface LinkHandler {
  /** A connection is ready; called before the requests that waited for it are sent. */
  opened(session: Session, server: ServerAddress): void
  delivered(session: Session, bytes: Uint8Array, start: number, end: number): void
  subscriptionEnded(session: Session, ended: SubscriptionEnded): void
  lost(reason: BrokerError, server: ServerAddress): void
  /** There is no connection, and another try to get one has failed. */
  unreachable(): void
}

/** How long `close` waits for answers at the most. */
const closeWaitMs = 5_000

export class Link {
  readonly #platform: ClientPlatform
  readonly #settings: ClientSettings
  readonly #handler: LinkHandler
  readonly #requests: OpenRequests
  readonly #dialer: Dialer
  /** Requests that wait for a connection, in the order in which they came. */
  #waiting: PendingRequest<unknown>[] = []
  #session: Session | undefined
  #server: ServerAddress | undefined
  #frameBytesMax = 1024 * 1024
  #openedMs = 0
  /** Tries that failed, and connections that broke at once, since one held. */
  #round = 0
  #isClosed = false
  #first = Promise.withResolvers<void>()
  #firstTimer: PlatformTimer | undefined

  constructor(platform: ClientPlatform, settings: ClientSettings, handler: LinkHandler) {
    this.#platform = platform
    this.#settings = settings
    this.#handler = handler
    this.#requests = new OpenRequests(platform, settings, {
      whyDisconnected: () => this.#dialer.reasons,
      ended: (request) => this.#session?.forget(request),
    })
    this.#dialer = new Dialer(platform, settings, {
      delivered: (session, bytes, start, end) => handler.delivered(session, bytes, start, end),
      subscriptionEnded: (session, ended) => handler.subscriptionEnded(session, ended),
      closed: (session, reason, unanswered) => this.#closed(session, reason, unanswered),
    })
  }

  /** The connection in use; undefined while there is none. */
  get session(): Session | undefined {
    return this.#session
  }

  /** The server of the connection in use, or of the last one. */
  get server(): ServerAddress | undefined {
    return this.#server
  }

  /** The first server that it was told of. */
  get target(): ServerAddress {
    return this.#settings.servers[0]!
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The largest frame that the broker takes, by its last word. */
  get frameBytesMax(): number {
    return this.#frameBytesMax
  }

  /** Counts bytes of messages that are gathered for a request. Throws `publish-buffer-full`. */
  reserve(sizeBytes: number): void {
    this.#requests.reserve(sizeBytes)
  }

  release(sizeBytes: number): void {
    this.#requests.release(sizeBytes)
  }

  /** The first connection; rejects when no server answers in time, and then nothing is left open. */
  connect(): Promise<void> {
    const { connectTimeoutMs } = this.#settings
    this.#firstTimer = this.#platform.after(connectTimeoutMs, () => {
      const text = `No server answered within ${connectTimeoutMs} ms: ${this.#dialer.reasons}`
      this.abandon(new BrokerError('no-server', text))
    })
    void this.#dial()
    return this.#first.promise
  }

  /** Connects without an end in time: whoever asks for something has a time of its own. */
  open(): void {
    // Why caught: nobody waits for the first connection of this one.
    this.#first.promise.catch(ignore)
    void this.#dial()
  }

  /** More servers to be tried when the connection breaks. */
  learn(servers: readonly ServerAddress[]): void {
    this.#dialer.learn(servers)
  }

  /** Fails the requests that wait for a connection, so that they can be sent another way. */
  failWaiting(error: BrokerError): void {
    for (const request of this.#waiting.splice(0)) request.fail(error)
  }

  /** Why there is no connection. */
  get reasons(): string {
    return this.#dialer.reasons
  }

  /** Rejects with what the broker says, or as the specification of the request tells for a break. */
  request<T>(spec: RequestSpec<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(closedError())
    let request: PendingRequest<T>
    try {
      request = this.#requests.add(spec)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    if (this.#session === undefined) this.#wait(request as PendingRequest<unknown>)
    else this.#session.send(request as PendingRequest<unknown>)
    return request.promise
  }

  /** A request that makes sense on this connection alone. */
  requestOn<T>(session: Session, spec: RequestSpec<T>): Promise<T> {
    if (session === this.#session) return this.request(spec)
    return Promise.reject(new BrokerError('disconnected', 'The connection is gone'))
  }

  /** Waits for the answers that are under way, then closes. What has no connection fails at once. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const request of this.#waiting.splice(0)) request.fail(closedError())
    if (this.#session !== undefined) await this.#answers()
    this.abandon(closedError())
  }

  /** Closes at once; every request without an answer fails. */
  abandon(error: BrokerError): void {
    this.#isClosed = true
    this.#firstTimer?.cancel()
    this.#dialer.stop()
    this.#session?.close()
    this.#session = undefined
    this.#requests.failAll(error)
    this.#first.reject(error)
  }

  /** Keeps a request for the next connection, and now and then drops those that did not live to see it. */
  #wait(request: PendingRequest<unknown>): void {
    this.#waiting.push(request)
    if (this.#waiting.length <= 2 * this.#requests.count + 16) return
    this.#waiting = this.#waiting.filter(({ isOver }) => !isOver)
  }

  async #answers(): Promise<void> {
    const waited = Promise.withResolvers<void>()
    const timer = this.#platform.after(Math.min(closeWaitMs, this.#settings.requestTimeoutMs), waited.resolve)
    void this.#requests.empty().then(waited.resolve)
    await waited.promise
    timer.cancel()
  }

  async #dial(): Promise<void> {
    const dialed = await this.#dialer.dial(this.#round, () => this.#tryFailed())
    if (dialed === undefined) return
    if (this.#isClosed) return dialed.session.close()
    if (dialed.session.isOver) return this.#dialAgain()
    this.#session = dialed.session
    this.#server = dialed.server
    this.#frameBytesMax = dialed.session.welcome!.frameBytesMax
    this.#openedMs = this.#platform.monotonicMs()
    this.#firstTimer?.cancel()
    this.#handler.opened(dialed.session, dialed.server)
    this.#sendWaiting()
    this.#first.resolve()
  }

  /** While connecting for the first time, servers that all say no end it; later on nothing does. */
  #tryFailed(): void {
    this.#round++
    const refusal = this.#dialer.refusal
    if (this.#server === undefined && refusal !== undefined) this.abandon(refusal)
    this.#handler.unreachable()
  }

  #dialAgain(): void {
    this.#round++
    void this.#dial()
  }

  #sendWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const request of waiting) {
      if (request.isOver) continue
      if (this.#session === undefined) this.#waiting.push(request)
      else this.#session.send(request)
    }
  }

  #closed(session: Session, reason: BrokerError, unanswered: PendingRequest<unknown>[]): void {
    if (session !== this.#session) return
    this.#session = undefined
    const repeated = unanswered.filter((request) => request.lose(reason))
    this.#waiting = [...repeated, ...this.#waiting]
    if (this.#isClosed) {
      for (const request of this.#waiting.splice(0)) request.fail(closedError())
      return
    }
    this.#handler.lost(reason, this.#server!)
    // Why: a server that accepts and hangs up at once must not be asked again without a growing wait.
    const heldMs = this.#platform.monotonicMs() - this.#openedMs
    if (heldMs >= this.#settings.reconnect.maxMs) this.#round = 0
    this.#dialAgain()
  }
}

function ignore(): void {}

export function closedError(): BrokerError {
  return new BrokerError('client-closed', 'The client is closed')
}
