// Messages for a handler, so many at a time: settles by what the handler does, drains, closes.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import { optionallyAwaited } from '../deferred.ts'
import type { Membership } from './membership.ts'
import type { Message } from './message.ts'
import type { OpenMembership } from './message-stream.ts'

/** Returning acks the message and throwing nacks it, unless the handler has settled it itself. */
export type MessageHandler = (message: Message) => unknown

export interface SubscribeOptions {
  /** How many handlers run at a time. Default 64. */
  readonly concurrency?: number | undefined
  /** How many unsettled messages the broker may have out here; default as many as handlers. */
  readonly window?: number | undefined
  /** Hears what handlers throw, and what is refused when a message is settled. Default: nobody. */
  readonly onError?: ((error: unknown, message: Message) => void) | undefined
}

export class Subscription {
  /**
   * Resolves after `drain` or `close`, rejects when the broker ends the subscription. Need not be awaited.
   */
  readonly closed: Promise<void>
  readonly #handler: MessageHandler
  readonly #concurrency: number
  readonly #onError: (error: unknown, message: Message) => void
  readonly #membership: Membership
  readonly #closed = optionallyAwaited<void>()
  /** Handlers that run, and settles after them that are not confirmed. */
  #runningCount = 0
  #settlingCount = 0
  #isTaking = true
  #drained: Promise<void> | undefined
  readonly #idleWaiters: (() => void)[] = []

  constructor(
    open: OpenMembership,
    handler: MessageHandler,
    options: SubscribeOptions & { concurrency: number },
  ) {
    this.closed = this.#closed.promise
    this.#handler = handler
    this.#concurrency = options.concurrency
    this.#onError = options.onError ?? ((): void => {})
    this.#membership = open({
      arrived: () => this.#pump(),
      ended: (error) => this.#ended(error),
    })
  }

  /**
   * Ends in order: takes nothing more, gives back what no handler has begun, lets the running ones finish,
   * waits until their settles are confirmed, and unsubscribes. `close` cuts it short. What is settled by
   * being delivered (`ackPolicy: 'none'`) cannot be given back and is handled first.
   */
  drain(): Promise<void> {
    this.#drained ??= this.#drain()
    return this.#drained
  }

  /** Ends at once: messages of running handlers go back to the consumer, and their settles come too late. */
  async close(): Promise<void> {
    this.#isTaking = false
    await this.#membership.leave()
    this.#end(undefined)
  }

  async #drain(): Promise<void> {
    const { isSettledByDelivery } = this.#membership.place
    this.#isTaking = isSettledByDelivery
    await this.#membership.stopDeliveries()
    if (!isSettledByDelivery)
      for (const message of this.#membership.take()) this.#follow(message.release(), message)
    await this.#idle()
    await this.close()
  }

  /** Nothing runs, and nothing that is to be handled waits. */
  get #isIdle(): boolean {
    const waitingCount = this.#isTaking ? this.#membership.waitingCount : 0
    return this.#runningCount + this.#settlingCount + waitingCount === 0
  }

  #idle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve)
    })
  }

  #pump(): void {
    while (this.#isTaking && this.#runningCount < this.#concurrency) {
      const message = this.#membership.shift()
      if (message === undefined) return
      this.#runningCount++
      void this.#run(message)
    }
  }

  async #run(message: Message): Promise<void> {
    try {
      await this.#handler(message)
      this.#follow(message.settled ?? message.ack(), message)
    } catch (error) {
      this.#report(error, message)
      if (!this.#membership.place.isSettledByDelivery)
        this.#follow(message.settled ?? message.nack({ reason: textOf(error) }), message)
    } finally {
      this.#runningCount--
      this.#pump()
      this.#checkIdle()
    }
  }

  #follow(settled: Promise<void>, message: Message): void {
    this.#settlingCount++
    settled.then(this.#followed, (error: unknown) => {
      this.#report(error, message)
      this.#followed()
    })
  }

  readonly #followed = (): void => {
    this.#settlingCount--
    this.#checkIdle()
  }

  /**
   * Why a microtask: a listener that throws is a fault of its own, and must not keep a message
   * from its settle.
   */
  #report(error: unknown, message: Message): void {
    try {
      this.#onError(error, message)
    } catch (fault) {
      queueMicrotask(() => {
        throw fault
      })
    }
  }

  #checkIdle(): void {
    if (this.#idleWaiters.length > 0 && this.#isIdle) this.#wakeIdle()
  }

  #wakeIdle(): void {
    for (const wake of this.#idleWaiters.splice(0)) wake()
  }

  /** The client or the broker ends it. What came settled has nobody else to handle it. */
  #ended(error: BrokerError | undefined): void {
    if (this.#membership.place.isSettledByDelivery) void this.#idle().then(() => this.#end(error))
    else this.#end(error)
  }

  #end(error: BrokerError | undefined): void {
    this.#isTaking = false
    this.#wakeIdle()
    if (error === undefined) this.#closed.resolve()
    else this.#closed.reject(error)
  }
}

/** Whatever was thrown: the message must be given back all the same. */
function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    return 'The handler threw what is no text'
  }
}
