// How many partitions each stream has and which nodes lead them, as far as it was asked. What is in use is
// asked again now and then: a stream that gains partitions refuses nobody who does not know of them, and its
// subjects would go to where they no longer belong.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Control } from '../control.ts'
import type { ClientPlatform } from '../transport/platform.ts'
import { routeOf } from './stream-route.ts'
import type { StreamRoute } from './stream-route.ts'

const streamsMax = 10_000
/** How old a route may be before it is asked for again; it is used meanwhile. */
const routeAgeMs = 10_000

interface Known {
  readonly route: StreamRoute
  readonly askedMs: number
}

export class StreamRoutes {
  readonly #control: Control
  readonly #platform: ClientPlatform
  readonly #known = new Map<string, Known>()
  readonly #asking = new Map<string, Promise<StreamRoute>>()

  constructor(control: Control, platform: ClientPlatform) {
    this.#control = control
    this.#platform = platform
  }

  /** Undefined when it has to be asked for. For every message, so it does not look at the clock. */
  get(stream: string): StreamRoute | undefined {
    return this.#known.get(stream)?.route
  }

  /** The same for a request that is about to be sent: a route that is old is asked for again beside it. */
  use(stream: string): StreamRoute | undefined {
    const known = this.#known.get(stream)
    if (known === undefined) return undefined
    if (this.#platform.monotonicMs() - known.askedMs > routeAgeMs) this.#refresh(stream)
    return known.route
  }

  /**
   * Asks the broker, once for all who want to know at the time; `spentMs` of the first one's time are over.
   */
  ask(stream: string, spentMs = 0): Promise<StreamRoute> {
    const underWay = this.#asking.get(stream)
    if (underWay !== undefined) return underWay
    const asked = this.#ask(stream, spentMs).finally(() => this.#asking.delete(stream))
    this.#asking.set(stream, asked)
    return asked
  }

  forget(stream: string): void {
    this.#known.delete(stream)
  }

  /**
   * A connection broke, and its broker may have been started anew: all is asked for again. Why leaders are
   * used meanwhile: what other nodes lead must not wait for the one that is gone.
   */
  expire(): void {
    for (const [stream, { route }] of this.#known) {
      if (route.leaders === undefined) this.#known.delete(stream)
      else this.#known.set(stream, { route, askedMs: -Infinity })
    }
  }

  /** Why nobody hears of a failure: what it is asked for fails in its own words. */
  #refresh(stream: string): void {
    if (this.#asking.has(stream)) return
    this.ask(stream).catch((error: BrokerError) => {
      if (!error.isRetryable) this.forget(stream)
    })
  }

  async #ask(stream: string, spentMs: number): Promise<StreamRoute> {
    const route = routeOf(await this.#control.ask('streams.get', { name: stream }, spentMs))
    if (this.#known.size >= streamsMax) this.#known.clear()
    this.#known.set(stream, { route, askedMs: this.#platform.monotonicMs() })
    return route
  }
}
