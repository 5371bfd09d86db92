// Finds the node that a request belongs to, and tries again where that has changed: a request that a node
// refused because it is not its own, or that no node was there to take, was not carried out.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Link } from '../link/link.ts'
import type { ClientPlatform } from '../transport/platform.ts'
import type { NodeLinks } from './node-links.ts'
import { leaderOf } from './stream-route.ts'
import type { StreamRoutes } from './stream-routes.ts'

/** Waits between tries: the first comes at once, for asking again takes a moment itself. */
const retryMsMin = 10
const retryMsMax = 500

export class Router {
  readonly links: NodeLinks
  readonly routes: StreamRoutes
  readonly #platform: ClientPlatform
  readonly #requestTimeoutMs: number

  constructor(links: NodeLinks, routes: StreamRoutes, platform: ClientPlatform, requestTimeoutMs: number) {
    this.links = links
    this.routes = routes
    this.#platform = platform
    this.#requestTimeoutMs = requestTimeoutMs
  }

  nowMs(): number {
    return this.#platform.monotonicMs()
  }

  /** The link to the leader of a partition, as far as that is known; else the home, which may refuse. */
  leader(stream: string, partition: number, spentMs: number): Promise<Link> {
    return this.links.to(leaderOf(this.routes.get(stream), partition), spentMs)
  }

  /** Runs `attempt` anew while it fails for being sent to the wrong node; `waitMs` more than others may. */
  async retry<T>(stream: string, waitMs: number, attempt: (spentMs: number) => Promise<T>): Promise<T> {
    const startedMs = this.nowMs()
    for (let tries = 1; ; tries++) {
      try {
        return await attempt(this.nowMs() - startedMs)
      } catch (error) {
        const spentMs = this.nowMs() - startedMs
        if (!(await this.isWorthTrying(stream, error, { tries, spentMs: spentMs - waitMs }))) throw error
      }
    }
  }

  /**
   * After a failed try: false when another cannot help or there is no time for one; else waits, and asks
   * where the stream is now. Rejects when there is no such stream any longer.
   */
  async isWorthTrying(
    stream: string,
    error: unknown,
    { tries, spentMs }: { tries: number; spentMs: number },
  ): Promise<boolean> {
    if (!isMisrouted(error)) return false
    const pauseMs = tries === 1 ? 0 : this.#pauseMs(tries - 1)
    if (spentMs + pauseMs >= this.#requestTimeoutMs) return false
    this.routes.forget(stream)
    this.links.forget()
    if (pauseMs > 0) await this.#sleep(pauseMs)
    await this.routes.ask(stream, spentMs + pauseMs)
    return true
  }

  /** Half of it by chance: those that one node refused must not come back in step. */
  #pauseMs(round: number): number {
    const ceilingMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(round, 10))
    return (ceilingMs * (1 + this.#platform.randomU32() / 0x1_0000_0000)) / 2
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#platform.after(ms, resolve)
    })
  }
}

/** The request came to the wrong node or to none, and was not carried out. */
export function isMisrouted(error: unknown): boolean {
  return error instanceof BrokerError && (error.code === 'not-leader' || error.code === 'node-unavailable')
}
