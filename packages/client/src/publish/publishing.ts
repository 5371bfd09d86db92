// All publishing of a client: queues of single messages, publishers, batches.

import type { Router } from '../routing/router.ts'
import type { StreamRoute } from '../routing/stream-route.ts'
import type { ClientPlatform } from '../transport/platform.ts'
import { publishBatch } from './batch-publishing.ts'
import type { PublishDoors } from './publish-queue.ts'
import { checkMessage } from './published.ts'
import type { NewMessage, Published, PublishOptions } from './published.ts'
import { Publisher } from './publisher.ts'
import type { PublisherOptions } from './publisher.ts'
import { StreamQueues } from './stream-queues.ts'

/** Streams without messages under way are forgotten when there are more than this. */
const idleStreamsMax = 1_000

export class Publishing {
  readonly #doors: PublishDoors
  readonly #queues = new Map<string, StreamQueues>()
  readonly #publishers = new Set<Publisher>()

  constructor(router: Router, platform: ClientPlatform) {
    this.#doors = { router, platform, home: router.links.home }
  }

  publish(stream: string, message: NewMessage & PublishOptions): Promise<Published> {
    try {
      checkMessage(message)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    const { routes } = this.#doors.router
    const route = routes.get(stream)
    if (route !== undefined) return this.#enqueue(stream, message, route)
    return routes.ask(stream).then((asked) => this.#enqueue(stream, message, asked))
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
    const all = [...this.#queues.values()].flatMap((queues) => queues.all())
    const queues = all.map((queue) => queue.finish())
    const publishers = [...this.#publishers].map((publisher) => publisher.close())
    await Promise.allSettled([...queues, ...publishers])
  }

  #enqueue(stream: string, message: NewMessage & PublishOptions, route: StreamRoute): Promise<Published> {
    const queue = this.#queuesOf(stream).queueFor(message.subject, route)
    return queue.publish(message, route.partitionCount, message.signal)
  }

  #queuesOf(stream: string): StreamQueues {
    const known = this.#queues.get(stream)
    if (known !== undefined) return known
    if (this.#queues.size >= idleStreamsMax) this.#dropIdle()
    const made = new StreamQueues(stream, this.#doors)
    this.#queues.set(stream, made)
    return made
  }

  #dropIdle(): void {
    for (const [stream, queues] of this.#queues) if (queues.isIdle) this.#queues.delete(stream)
  }
}
