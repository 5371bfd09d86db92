// Requests that wait for something to come, over all connections. They hold no bytes in progress, so that
// they keep nobody out, but each costs memory: one more than there is room for is refused. Must never make
// anybody wait.

import { BrokerError } from '@sluice/protocol/errors/broker-error'

/** About what a waiting request takes, with its timer and whom it listens to. */
const bytesPerRequest = 1024

export class WaitingRoom {
  readonly #requestsMax: number
  #requests = 0

  constructor(bytesMax: number) {
    this.#requestsMax = Math.max(1, Math.floor(bytesMax / bytesPerRequest))
  }

  /** Throws `too-many-requests`; otherwise the caller calls `leave` once. */
  enter(): void {
    if (this.#requests >= this.#requestsMax) {
      const text = `${this.#requestsMax} requests wait for records already, which is the limit`
      throw new BrokerError('too-many-requests', text)
    }
    this.#requests++
  }

  leave(): void {
    this.#requests--
  }
}
