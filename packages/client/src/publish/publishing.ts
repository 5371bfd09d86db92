// All publishing of a client: one queue per stream, publishers, batches.

import type { Control } from '../control.ts'
import type { Link } from '../link/link.ts'
import type { ClientPlatform } from '../transport/platform.ts'
import { publishBatch } from './batch-publishing.ts'
import { PublishQueue } from './publish-queue.ts'
import type { PublishDoors } from './publish-queue.ts'
import { checkMessage } from './published.ts'
import type { NewMessage, Published, PublishOptions } from './published.ts'
import { Publisher } from './publisher.ts'
import type { PublisherOptions } from './publisher.ts'
import { StreamCache } from './stream-cache.ts'

/** Queues without messages are dropped when there are more than this. */
const idleQueuesMax = 1_000

export class Publishing {
  readonly cache: StreamCache
  readonly #doors: PublishDoors
  readonly #queues = new Map<string, PublishQueue>()
  readonly #publishers = new Set<Publisher>()

  constructor(link: Link, platform: ClientPlatform, control: Control) {
    this.cache = new StreamCache(control)
    this.#doors = { link, platform, cache: this.cache }
  }

  publish(stream: string, message: NewMessage & PublishOptions): Promise<Published> {
    try {
      checkMessage(message)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    const count = this.cache.partitionCount(stream)
    const { signal } = message
    if (count !== undefined) return this.#queueOf(stream).publish(message, count, signal)
    return this.cache.ask(stream).then((asked) => this.#queueOf(stream).publish(message, asked, signal))
  }

  publishBatch(stream: string, messages: readonly NewMessage[]): Promise<Published[]> {
    return publishBatch(stream, messages, this.#doors)
  }

  publisher(stream: string, options: PublisherOptions): Publisher {
    const publisher = new Publisher(stream, options, this.#doors, () => this.#publishers.delete(publisher))
    this.#publishers.add(publisher)
    return publisher
  }

  /**
   * Closes publishers, sends what is gathered, and resolves when everything has its answer. Never rejects.
   */
  async finish(): Promise<void> {
    const queues = [...this.#queues.values()].map((queue) => queue.finish())
    const publishers = [...this.#publishers].map((publisher) => publisher.close())
    await Promise.allSettled([...queues, ...publishers])
  }

  #queueOf(stream: string): PublishQueue {
    const known = this.#queues.get(stream)
    if (known !== undefined) return known
    if (this.#queues.size >= idleQueuesMax) this.#dropIdle()
    const made = new PublishQueue(stream, this.#doors)
    this.#queues.set(stream, made)
    return made
  }

  #dropIdle(): void {
    for (const [stream, queue] of this.#queues) if (queue.isIdle) this.#queues.delete(stream)
  }
}
