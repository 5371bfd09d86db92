// One run of `sluice subscribe`: takes messages until it is told to stop, has its limit, or nobody reads its
// output, and then ends in order. Must never ack what was not printed or done.

import type { Consumer, Message } from '@sluice/client'
import { messageBytes } from './output/message-format.ts'
import type { MessageFormat } from './output/message-format.ts'
import type { Output } from './output/output.ts'
import { runForMessage } from './run-for-message.ts'

export interface SubscriberOptions {
  readonly output: Output
  readonly format: MessageFormat
  /** Whether messages are kept unsettled until the end. */
  readonly isHeld: boolean
  /** Run for each message instead of printing it. */
  readonly command: string | undefined
  readonly limit: number
  /** Aborted by whoever wants it to end; by itself at the limit. */
  readonly stop: AbortController
}

export interface SubscriberBounds {
  readonly concurrency: number | undefined
  readonly window: number | undefined
}

const printingConcurrency = 64
const heldWindow = 256
/** How long refused settles are gathered before they are told. */
const refusalsMs = 100

export class Subscriber {
  readonly #options: SubscriberOptions
  /** Resolved at the end: what is held is given back. */
  readonly #letGo = Promise.withResolvers<void>()
  #takenCount = 0
  /** Settles refused since that was told last, and what was said of the first. */
  #refusedCount = 0
  #firstRefusal = ''
  /** Why it ends, when that is an error of ours. */
  #failure: unknown

  constructor(options: SubscriberOptions) {
    this.#options = options
  }

  /** Rejects when the broker ends the subscription, or the output has no place. */
  async run(consumer: Consumer, bounds: SubscriberBounds): Promise<void> {
    const { stop } = this.#options
    const subscription = consumer.subscribe((message) => this.#handle(message), {
      ...this.#bounds(bounds),
      onError: (error, message) => this.#refused(error as Error, message),
    })
    try {
      await Promise.race([aborted(stop.signal), subscription.closed])
      this.#letGo.resolve()
      await subscription.drain()
    } finally {
      this.#letGo.resolve()
      this.#tellRefusals()
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Why gathered: a broker that goes away refuses all that is held at once, and one line says it. */
  #refused(error: Error, { partition, offset, subject }: Message): void {
    if (this.#refusedCount++ > 0) return
    this.#firstRefusal = `${subject} (${partition}:${offset}) was not settled: ${error.message}`
    setTimeout(() => this.#tellRefusals(), refusalsMs).unref()
  }

  #tellRefusals(): void {
    if (this.#refusedCount === 0) return
    const others = this.#refusedCount > 1 ? ` (and ${this.#refusedCount - 1} more)` : ''
    this.#options.output.notice(this.#firstRefusal + others)
    this.#refusedCount = 0
  }

  /** Never more at a time than the limit leaves to do. */
  #bounds({ concurrency, window }: SubscriberBounds): { concurrency: number; window: number } {
    const { isHeld, command, limit } = this.#options
    const atATime = concurrency ?? (command === undefined ? printingConcurrency : 1)
    const windowCount = Math.min(window ?? (isHeld ? heldWindow : atATime), limit)
    return { concurrency: isHeld ? windowCount : Math.min(atATime, windowCount), window: windowCount }
  }

  async #handle(message: Message): Promise<void> {
    const { limit, stop, isHeld } = this.#options
    if (this.#takenCount >= limit || stop.signal.aborted) return this.#giveBack(message)
    this.#takenCount++
    const isLast = this.#takenCount >= limit
    try {
      await this.#take(message)
    } catch (error) {
      this.#failure ??= error
      stop.abort()
      return this.#giveBack(message)
    }
    if (isLast) stop.abort()
    if (!isHeld) return
    await this.#letGo.promise
    await this.#giveBack(message)
  }

  async #take(message: Message): Promise<void> {
    const { output, format, command } = this.#options
    if (command === undefined) return output.write(messageBytes(message, format))
    const fault = await runForMessage(command, message)
    if (fault === undefined) return
    const { partition, offset, subject } = message
    output.notice(`${subject} (${partition}:${offset}) is nacked: ${fault}`)
    message.nack({ reason: fault }).catch(() => {})
  }

  /** Its refusal is told by the subscription, which follows every settle. */
  async #giveBack(message: Message): Promise<void> {
    message.release().catch(() => {})
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
