// The gate before work: how many bytes may be on their way to the disk at once, over all streams.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Clock } from '../../io/io.ts'

export class PublishAdmission {
  readonly #unflushedBytesMax: number
  readonly #clock: Clock
  #unflushedBytes = 0

  constructor(unflushedBytesMax: number, clock: Clock) {
    this.#unflushedBytesMax = unflushedBytesMax
    this.#clock = clock
  }

  /** The time at which what is admitted is published, where the broker's counts. */
  nowMs(): number {
    return Math.round(this.#clock.wallMs())
  }

  get unflushedBytes(): number {
    return this.#unflushedBytes
  }

  /** Throws `publish-overloaded`. One request is let in however large, when nothing else is under way. */
  enter(bytes: number): void {
    if (this.#unflushedBytes > 0 && this.#unflushedBytes + bytes > this.#unflushedBytesMax) {
      const text = `${this.#unflushedBytes} published bytes wait for the disk; ${this.#unflushedBytesMax} may`
      throw new BrokerError('publish-overloaded', text)
    }
    this.#unflushedBytes += bytes
  }

  leave(bytes: number): void {
    this.#unflushedBytes -= bytes
  }
}
