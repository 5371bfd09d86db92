// Messages for a `for await` loop: pulls from the membership's queue, one already resolved
// promise per message.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Membership, MembershipListener } from './membership.ts'
import type { Message } from './message.ts'

export type OpenMembership = (listener: MembershipListener) => Membership

type Ends = PromiseWithResolvers<IteratorResult<Message>>

const done: IteratorResult<Message> = Object.freeze({ value: undefined, done: true })

/**
 * Subscribes with the first `next`. Leaving the loop in any way unsubscribes, and messages that are not
 * settled go back to the consumer. Ends without an error when its signal is aborted or the client is closed,
 * and throws when the broker ends it (`consumer-deleted`, `stream-deleted`, …). Breaks of the connection do
 * not end it. What is settled by being delivered (`ackPolicy: 'none'`) and has come is handed out before it
 * ends.
 */
export class MessageStream implements AsyncIterableIterator<Message> {
  readonly #open: OpenMembership
  readonly #signal: AbortSignal | undefined
  #membership: Membership | undefined
  /** Calls of `next` that found nothing, in order. */
  #waiting: Ends[] = []
  #error: BrokerError | undefined
  #isOver = false

  constructor(open: OpenMembership, signal: AbortSignal | undefined) {
    this.#open = open
    this.#signal = signal
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Message>> {
    const message = this.#membership?.shift()
    if (message !== undefined) return Promise.resolve({ value: message, done: false })
    return this.#wait()
  }

  /** Unsubscribes; resolves when the broker has taken back what was held. */
  async return(): Promise<IteratorResult<Message>> {
    await this.#finish()
    return done
  }

  async throw(error: unknown): Promise<IteratorResult<Message>> {
    await this.#finish()
    throw error
  }

  /** The same messages, all that wait at a time: for loops that care about every microsecond. */
  async *batches(): AsyncGenerator<Message[], void, void> {
    try {
      for (let first = await this.next(); first.done !== true; first = await this.next()) {
        yield [first.value, ...(this.#membership?.take() ?? [])]
      }
    } finally {
      await this.#finish()
    }
  }

  #wait(): Promise<IteratorResult<Message>> {
    try {
      if (this.#membership === undefined && !this.#isOver) this.#start()
    } catch (error) {
      this.#ended(error as BrokerError)
    }
    if (this.#error !== undefined) {
      const error = this.#error
      this.#error = undefined
      return Promise.reject(error)
    }
    if (this.#isOver) return Promise.resolve(done)
    const ends: Ends = Promise.withResolvers()
    this.#waiting.push(ends)
    return ends.promise
  }

  #start(): void {
    if (this.#signal?.aborted === true) {
      this.#isOver = true
      return
    }
    this.#signal?.addEventListener('abort', this.#aborted)
    this.#membership = this.#open({
      arrived: () => this.#serve(),
      ended: (error) => this.#ended(error),
    })
  }

  #serve(): void {
    const membership = this.#membership!
    while (this.#waiting.length > 0 && membership.waitingCount > 0) {
      this.#waiting.shift()!.resolve({ value: membership.shift()!, done: false })
    }
  }

  readonly #aborted = (): void => {
    void this.#finish()
  }

  async #finish(): Promise<void> {
    const left = this.#membership?.leave()
    this.#ended(undefined)
    await left
  }

  /** The first that waits gets the error, or else the next one that comes. */
  #ended(error: BrokerError | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#signal?.removeEventListener('abort', this.#aborted)
    const waiting = this.#waiting
    this.#waiting = []
    if (error !== undefined && waiting.length > 0) waiting.shift()!.reject(error)
    else this.#error = error
    for (const ends of waiting) ends.resolve(done)
  }
}
