// The client as its user holds it: links to brokers and the doors that go through it.

import type { BrokerInfo } from '@sluice/protocol/native/calls'
import type { Payload } from '@sluice/protocol/record/record-batch-builder'
import { EventListeners } from './client-events.ts'
import type { ClientEvents, ClientListener } from './client-events.ts'
import type { ClientSettings } from './client-options.ts'
import { Connections } from './connections.ts'
import { Consumers } from './consume/consumers.ts'
import { Groups } from './groups.ts'
import { closedError } from './link/link.ts'
import { Log } from './log/log-reader.ts'
import { Publishing } from './publish/publishing.ts'
import type { NewMessage, PublishOptions, Published } from './publish/published.ts'
import type { Publisher, PublisherOptions } from './publish/publisher.ts'
import { Streams } from './streams.ts'
import type { ClientPlatform } from './transport/platform.ts'

export type { ClientEvents, ClientListener } from './client-events.ts'
export type {
  GroupInfo,
  GroupMemberRow,
  GroupOffsetRow,
  GroupPartitionRow,
  GroupPhase,
  GroupResetOptions,
  Groups,
  GroupSummary,
  GroupType,
} from './groups.ts'

/** How long `close` waits for the answers to what was published. */
const closeWaitMs = 5_000

export class Client {
  readonly streams: Streams
  readonly consumers: Consumers
  readonly groups: Groups
  readonly #connections: Connections
  readonly #publishing: Publishing
  readonly #events = new EventListeners()
  readonly #platform: ClientPlatform
  #closed: Promise<void> | undefined

  constructor(settings: ClientSettings, platform: ClientPlatform) {
    this.#platform = platform
    this.#connections = new Connections(settings, platform, this.#events)
    const { links, router } = this.#connections
    this.#publishing = new Publishing(router, platform)
    this.streams = new Streams(links.control, router.routes)
    this.groups = new Groups(links.control)
    this.consumers = new Consumers({
      control: links.control,
      platform,
      join: (place, listener) => {
        if (this.isClosed) throw closedError()
        return this.#connections.join(place, listener)
      },
    })
  }

  /** For `connect` alone: the first connection. */
  open(): Promise<void> {
    return this.#connections.links.home.connect()
  }

  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  /**
   * Every node that this client uses is connected: false from a `disconnect` to the `reconnect` of the same
   * server. What other nodes lead goes on meanwhile.
   */
  get isConnected(): boolean {
    return this.#connections.isWhole
  }

  /** The broker's name, version and boot epoch, as it says now. */
  broker(): Promise<BrokerInfo> {
    return this.#connections.links.control.ask('broker.info', {})
  }

  /**
   * Stores one message; resolves when it is as durable as the stream promises. Messages that are published
   * without awaiting each other travel together, in the order of the calls.
   */
  publish(
    stream: string,
    subject: string,
    data: Payload | null,
    options: PublishOptions = {},
  ): Promise<Published> {
    if (this.isClosed) return Promise.reject(closedError())
    return this.#publishing.publish(stream, { ...options, subject, data })
  }

  /**
   * Stores many, in the order given, and confirms them as a whole. What one partition gets within one
   * frame of the broker is stored as a whole or not at all; where only a part of all is stored, it
   * rejects with `partly-stored`.
   */
  publishBatch(stream: string, messages: readonly NewMessage[]): Promise<Published[]> {
    if (this.isClosed) return Promise.reject(closedError())
    return this.#publishing.publishBatch(stream, messages)
  }

  /** For a steady flow: gathers batches and holds its caller back when the broker does not keep up. */
  publisher(stream: string, options: PublisherOptions = {}): Publisher {
    if (this.isClosed) throw closedError()
    return this.#publishing.publisher(stream, options)
  }

  log(stream: string): Log {
    return new Log(this.#connections.router, stream)
  }

  /** Returns what takes the listener off again. */
  on<E extends keyof ClientEvents>(name: E, listener: ClientListener<E>): () => void {
    return this.#events.add(name, listener)
  }

  /**
   * Sends what was gathered, gives back what is held, waits for answers, some seconds at the most, and
   * closes. Loops over messages end without an error; anything asked for later rejects with `client-closed`.
   * Without a connection it closes at once, and what waited for one rejects.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    if (this.#connections.isAny) await this.#published()
    await this.#connections.close()
    this.#events.tell('close', {})
  }

  /** What was gathered is answered, or has had its time. */
  async #published(): Promise<void> {
    const waited = Promise.withResolvers<void>()
    const timer = this.#platform.after(closeWaitMs, waited.resolve)
    void this.#publishing.finish().then(waited.resolve)
    await waited.promise
    timer.cancel()
  }
}
