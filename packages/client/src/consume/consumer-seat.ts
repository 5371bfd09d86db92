// Finds the link to the node that serves a consumer, and finds it again when that node refuses or is gone.
// Must never settle on a node by itself: who joins there says whether it was the right one.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Link } from '../link/link.ts'
import type { NodeLinks } from '../routing/node-links.ts'
import type { ClientPlatform, PlatformTimer } from '../transport/platform.ts'

export interface SeatHandler {
  found(link: Link): void
  /** Nobody serves it any longer: the consumer or its stream is gone, or the client is closed. */
  failed(error: BrokerError): void
}

/** Waits between two questions. */
const againMsMin = 10
const againMsMax = 500

export class ConsumerSeat {
  readonly #links: NodeLinks
  readonly #platform: ClientPlatform
  /** Asks the broker which node serves the consumer. */
  readonly #locate: () => Promise<number | undefined>
  readonly #handler: SeatHandler
  /** Questions since it was the right one. */
  #tries = 0
  #isAsking = false
  #isOver = false
  #timer: PlatformTimer | undefined

  constructor(
    links: NodeLinks,
    platform: ClientPlatform,
    locate: () => Promise<number | undefined>,
    handler: SeatHandler,
  ) {
    this.#links = links
    this.#platform = platform
    this.#locate = locate
    this.#handler = handler
  }

  /** Begins with the node that the broker named last. */
  start(node: number | undefined): void {
    const link = this.#links.find(node)
    if (link !== undefined) return this.#handler.found(link)
    this.#ask(() => Promise.resolve(node))
  }

  /** It was not the right one: asks again, after a wait that grows. */
  again(): void {
    if (this.#isAsking || this.#isOver) return
    this.#isAsking = true
    const waitMs = Math.min(againMsMax, againMsMin * 2 ** Math.min(this.#tries++, 10))
    this.#timer = this.#platform.after(waitMs, () => this.#ask(this.#locate))
  }

  /** It was the right one. */
  settled(): void {
    this.#tries = 0
  }

  stop(): void {
    this.#isOver = true
    this.#timer?.cancel()
  }

  #ask(locate: () => Promise<number | undefined>): void {
    this.#isAsking = true
    locate()
      .then((node) => this.#links.to(node))
      .then(
        (link) => {
          this.#isAsking = false
          if (!this.#isOver) this.#handler.found(link)
        },
        (error: BrokerError) => this.#failed(error),
      )
  }

  #failed(error: BrokerError): void {
    this.#isAsking = false
    if (this.#isOver) return
    if (error.isRetryable) this.again()
    else this.#handler.failed(error)
  }
}
