// The client as its user holds it: one link to a broker and the doors that go through it.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { BrokerInfo } from '@sluice/protocol/native/calls'
import type { Payload } from '@sluice/protocol/record/record-batch-builder'
import { EventListeners } from './client-events.ts'
import type { ClientEvents, ClientListener } from './client-events.ts'
import type { ClientSettings } from './client-options.ts'
import { Consumers } from './consume/consumers.ts'
import { Memberships } from './consume/memberships.ts'
import { Control } from './control.ts'
import { Link, closedError } from './link/link.ts'
import { Log } from './log/log-reader.ts'
import { Publishing } from './publish/publishing.ts'
import type { NewMessage, PublishOptions, Published } from './publish/published.ts'
import type { Publisher, PublisherOptions } from './publish/publisher.ts'
import { Streams } from './streams.ts'
import type { ClientPlatform } from './transport/platform.ts'

export type { ClientEvents, ClientListener } from './client-events.ts'

/** How long `close` waits for the answers to what was published. */
const closeWaitMs = 5_000

export class Client {
  readonly streams: Streams
  readonly consumers: Consumers
  readonly #link: Link
  readonly #control: Control
  readonly #publishing: Publishing
  readonly #memberships: Memberships
  readonly #events = new EventListeners()
  readonly #platform: ClientPlatform
  #lostMs: number | undefined
  #closed: Promise<void> | undefined

  constructor(settings: ClientSettings, platform: ClientPlatform) {
    this.#platform = platform
    this.#memberships = new Memberships(platform)
    this.#link = new Link(platform, settings, {
      opened: (session, server) => {
        this.#memberships.opened(session)
        this.#opened(server.text)
      },
      delivered: (session, bytes, start, end) => this.#memberships.delivered(session, bytes, start, end),
      subscriptionEnded: (session, ended) => this.#memberships.subscriptionEnded(session, ended),
      lost: (reason, server) => this.#lost(reason, server.text),
    })
    this.#control = new Control(this.#link)
    this.#publishing = new Publishing(this.#link, platform, this.#control)
    this.streams = new Streams(this.#control, this.#publishing.cache)
    this.consumers = new Consumers(this.#control, (place, listener) => {
      if (this.isClosed) throw closedError()
      return this.#memberships.add(this.#link, place, listener)
    })
  }

  /** For `connect` alone: the first connection. */
  open(): Promise<void> {
    return this.#link.connect()
  }

  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  get isConnected(): boolean {
    return this.#link.session !== undefined
  }

  /** The broker's name, version and boot epoch, as it says now. */
  broker(): Promise<BrokerInfo> {
    return this.#control.ask('broker.info', {})
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
    return new Log(this.#link, stream)
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
    if (this.isConnected) await this.#published()
    await this.#memberships.close()
    await this.#link.close()
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

  #opened(server: string): void {
    if (this.#lostMs === undefined) return
    const afterMs = this.#platform.monotonicMs() - this.#lostMs
    this.#lostMs = undefined
    this.#events.tell('reconnect', { server, afterMs })
  }

  #lost(reason: BrokerError, server: string): void {
    this.#lostMs = this.#platform.monotonicMs()
    this.#publishing.cache.clear()
    this.#memberships.lost()
    this.#events.tell('disconnect', { server, reason })
  }
}
