// Watches one connection: sends PING when we have been quiet, and tells when the broker has been.

import type { ClientPlatform, PlatformTimer } from '../transport/platform.ts'

export interface KeepAliveHandler {
  /** We have sent nothing for a third of the interval. */
  quiet(): void
  /** Nothing has come for the whole interval. Called once. */
  silent(): void
}

/** How much longer than the interval a peer may be silent before it is given up. */
const graceFactor = 1.1

export class KeepAlive {
  readonly #platform: ClientPlatform
  readonly #keepAliveMs: number
  readonly #handler: KeepAliveHandler
  #receivedMs: number
  #sentMs: number
  /** The interval has passed once without a byte. */
  #isSuspected = false
  #timer: PlatformTimer | undefined

  constructor(platform: ClientPlatform, keepAliveMs: number, handler: KeepAliveHandler) {
    this.#platform = platform
    this.#keepAliveMs = keepAliveMs
    this.#handler = handler
    this.#receivedMs = this.#sentMs = platform.monotonicMs()
    this.#schedule()
  }

  received(): void {
    this.#receivedMs = this.#platform.monotonicMs()
    this.#isSuspected = false
  }

  sent(): void {
    this.#sentMs = this.#platform.monotonicMs()
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #schedule(): void {
    const nowMs = this.#platform.monotonicMs()
    const silenceMs = this.#keepAliveMs * (this.#isSuspected ? graceFactor : 1)
    const dueMs = Math.min(this.#receivedMs + silenceMs, this.#sentMs + this.#keepAliveMs / 3)
    this.#timer = this.#platform.after(Math.max(1, dueMs - nowMs), this.#look)
  }

  readonly #look = (): void => {
    const nowMs = this.#platform.monotonicMs()
    const silentMs = nowMs - this.#receivedMs
    // Why suspect first: when this process was busy for long, what the broker sent may still wait to be read.
    if (this.#isSuspected && silentMs >= this.#keepAliveMs * graceFactor) return this.#handler.silent()
    if (silentMs >= this.#keepAliveMs) this.#isSuspected = true
    if (nowMs - this.#sentMs >= this.#keepAliveMs / 3) this.#handler.quiet()
    this.#schedule()
  }
}
