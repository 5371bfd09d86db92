// Finds the node that a request belongs to, and tries again where that has changed: a request that a node
// refused because it is not its own, or that no node was there to take, was not carried out.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Link } from '../link/link.ts'
import type { NodeLinks } from './node-links.ts'
import { isMisrouted } from './retries.ts'
import type { Retries } from './retries.ts'
import { leaderOf } from './stream-route.ts'
import type { StreamRoutes } from './stream-routes.ts'

export class Router {
  readonly links: NodeLinks
  readonly routes: StreamRoutes
  readonly #retries: Retries

  constructor(links: NodeLinks, routes: StreamRoutes, retries: Retries) {
    this.links = links
    this.routes = routes
    this.#retries = retries
  }

  nowMs(): number {
    return this.#retries.nowMs()
  }

  /** The link to the leader of a partition, as far as that is known; else the home, which may refuse. */
  leader(stream: string, partition: number, spentMs: number): Promise<Link> {
    return this.links.to(leaderOf(this.routes.use(stream), partition), spentMs)
  }

  /** Runs `attempt` anew while it fails for being sent to the wrong node; `waitMs` more than others may. */
  async retry<T>(stream: string, waitMs: number, attempt: (spentMs: number) => Promise<T>): Promise<T> {
    const startedMs = this.nowMs()
    for (let tries = 1; ; tries++) {
      try {
        return await attempt(this.nowMs() - startedMs)
      } catch (error) {
        const spentMs = this.nowMs() - startedMs - waitMs
        if (!(await this.isWorthTrying(stream, error, { tries, spentMs }))) throw error
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
    const failedMs = this.nowMs()
    if (!(await this.#retries.pause(tries, spentMs))) return false
    this.links.forget()
    // Why the old route stays until there is a new one: what other nodes lead is not held up by this.
    await this.routes.ask(stream, spentMs + this.nowMs() - failedMs).catch(throwFinal)
    return true
  }
}

function throwFinal(error: unknown): void {
  if (!(error instanceof BrokerError) || !error.isRetryable) throw error
}
