// When to try again what a node did not carry out because it is not its own, or because no node was there.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ClientPlatform } from '../transport/platform.ts'

/** Waits between tries: the first comes at once, for asking again takes a moment itself. */
const retryMsMin = 10
const retryMsMax = 500

export class Retries {
  readonly #platform: ClientPlatform
  readonly #requestTimeoutMs: number

  constructor(platform: ClientPlatform, requestTimeoutMs: number) {
    this.#platform = platform
    this.#requestTimeoutMs = requestTimeoutMs
  }

  nowMs(): number {
    return this.#platform.monotonicMs()
  }

  /** Waits before another try; false, at once, when there is no time for one. */
  async pause(tries: number, spentMs: number): Promise<boolean> {
    const waitMs = tries === 1 ? 0 : this.#waitMs(tries - 1)
    if (spentMs + waitMs >= this.#requestTimeoutMs) return false
    if (waitMs > 0) await this.#sleep(waitMs)
    return true
  }

  /** Half of it by chance: those that one node refused must not come back in step. */
  #waitMs(round: number): number {
    const ceilingMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(round, 10))
    return (ceilingMs * (1 + this.#platform.randomU32() / 0x1_0000_0000)) / 2
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#platform.after(ms, resolve)
    })
  }
}

/** The request came to the wrong node or to none. */
export function isMisrouted(error: unknown): boolean {
  return error instanceof BrokerError && (error.code === 'not-leader' || error.code === 'node-unavailable')
}
