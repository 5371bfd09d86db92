// `client.publisher`: a steady flow of messages in large batches, several of them under way at a time.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Payload } from '@sluice/protocol/record/record-batch-builder'
import { recordCountOf } from '@sluice/protocol/record/record-batch'
import { inRange } from '../client-options.ts'
import type { PlatformTimer } from '../transport/platform.ts'
import { PublishLoad, publishFrameBytes, publishPartBytes } from './publish-load.ts'
import type { SealedLoad } from './publish-load.ts'
import type { PublishDoors } from './publish-queue.ts'
import { isStreamChanged, requestPublish } from './publish-request.ts'
import { checkMessage, messageBytesMax } from './published.ts'
import type { MessageOptions, NewMessage } from './published.ts'

export interface PublisherOptions {
  /** How long a message may wait for others to travel with. Default 1. */
  readonly lingerMs?: number | undefined
  /** A batch goes out when it holds this much. Default 256 KiB. */
  readonly batchBytes?: number | undefined
  /** Batches without an answer at a time. Default 8. */
  readonly maxInFlightBatches?: number | undefined
  /** Hears of every batch that was not confirmed, with the number of its messages. */
  readonly onError?: ((error: BrokerError, messageCount: number) => void) | undefined
}

const resolved = Promise.resolve()

interface Batch {
  readonly sealed: SealedLoad
  readonly reservedBytes: number
  readonly ends: PromiseWithResolvers<void>
}

export class Publisher {
  readonly #stream: string
  readonly #doors: PublishDoors
  readonly #settings: ReturnType<typeof readOptions>
  #load = new PublishLoad()
  /** What the load that grows counts for against maxBufferedBytes. */
  #reservedBytes = 0
  /** Full batches that wait for a place among those under way. */
  readonly #waiting: Batch[] = []
  /** One promise per batch that is waiting or under way. */
  readonly #unanswered = new Set<Promise<void>>()
  #inFlightCount = 0
  #linger: PlatformTimer | undefined
  /** Since the last flush: messages that were not confirmed, and why the first of them. */
  #failure = { messageCount: 0, first: undefined as BrokerError | undefined }
  /** Resolved when there is room again. */
  #room: PromiseWithResolvers<void> | undefined
  /** Ends when the partitions of the stream are known and all who waited for that have been served. */
  #starting: Promise<void> | undefined
  #isClosed = false
  /** Tells the owner of all publishers that this one is done. */
  readonly #closed: () => void

  constructor(stream: string, options: PublisherOptions, doors: PublishDoors, closed: () => void) {
    this.#stream = stream
    this.#doors = doors
    this.#closed = closed
    this.#settings = readOptions(options)
  }

  /**
   * Takes a message. Resolves at once while there is room, else when there is room again: awaiting it is what
   * holds a fast producer back. Rejects when this message cannot be taken (invalid, or `publish-buffer-full`
   * for those who do not await). Whether it was stored is said by `flush`, `close` and `onError`.
   */
  send(subject: string, data: Payload | null, options?: MessageOptions): Promise<void> {
    try {
      if (this.#isClosed) throw new BrokerError('client-closed', 'The publisher is closed')
      const message = { subject, data, headers: options?.headers, timestamp: options?.timestamp }
      checkMessage(message)
      const route = this.#doors.router.routes.get(this.#stream)
      if (route === undefined || this.#starting !== undefined) return this.#takeLater(message)
      this.#take(message, route.partitionCount)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    return this.#whenRoom()
  }

  /** Rejects, naming their number, when messages sent since the last flush were not confirmed. */
  async flush(): Promise<void> {
    await this.#starting?.catch(() => {})
    this.#seal()
    await Promise.all(this.#unanswered)
    const { messageCount, first } = this.#failure
    this.#failure = { messageCount: 0, first: undefined }
    if (first === undefined) return
    throw BrokerError.received(first.code, `${messageCount} messages were not confirmed: ${first.message}`)
  }

  /** Takes nothing more, and flushes. */
  close(): Promise<void> {
    this.#isClosed = true
    return this.flush().finally(this.#closed)
  }

  /** Why one after the other: whoever comes while the partitions are asked for must stay in order. */
  #takeLater(message: NewMessage): Promise<void> {
    const { routes } = this.#doors.router
    const taken = (this.#starting ?? Promise.resolve())
      .catch(() => {})
      .then(async () => {
        const { partitionCount } = routes.get(this.#stream) ?? (await routes.ask(this.#stream))
        this.#take(message, partitionCount)
      })
    this.#starting = taken
    const served = (): void => {
      if (this.#starting === taken) this.#starting = undefined
    }
    taken.then(served, served)
    return taken.then(() => this.#whenRoom())
  }

  #take(message: NewMessage, partitionCount: number): void {
    const { home, platform } = this.#doors
    const size = messageBytesMax(message) + publishPartBytes
    const sizeMax = home.frameBytesMax - publishFrameBytes
    if (size > sizeMax) {
      throw new BrokerError(
        'message-too-large',
        `A message of ${size} bytes; the broker takes frames of ${sizeMax}`,
      )
    }
    home.reserve(size)
    if (this.#load.sizeBytes + size > sizeMax) this.#seal()
    this.#load.add(message, partitionCount, Math.floor(platform.wallMs()))
    this.#reservedBytes += size
    if (this.#load.sizeBytes >= this.#settings.batchBytes) this.#seal()
    else this.#linger ??= platform.after(this.#settings.lingerMs, () => this.#seal())
  }

  #whenRoom(): Promise<void> {
    if (this.#waiting.length === 0) return resolved
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  /** Closes the batch that grows. */
  #seal(): void {
    this.#linger?.cancel()
    this.#linger = undefined
    if (this.#load.messageCount === 0) return
    const ends = Promise.withResolvers<void>()
    this.#waiting.push({ sealed: this.#load.seal(), reservedBytes: this.#reservedBytes, ends })
    this.#unanswered.add(ends.promise)
    this.#load = new PublishLoad()
    this.#reservedBytes = 0
    this.#pump()
  }

  #pump(): void {
    while (this.#inFlightCount < this.#settings.maxInFlightBatches && this.#waiting.length > 0) {
      this.#inFlightCount++
      void this.#send(this.#waiting.shift()!)
    }
    if (this.#waiting.length > 0) return
    this.#room?.resolve()
    this.#room = undefined
  }

  async #send({ sealed, reservedBytes, ends }: Batch): Promise<void> {
    const { router, home } = this.#doors
    try {
      const { parts } = sealed
      const { errors } = await requestPublish(router, { stream: this.#stream, parts, waitedMs: 0 })
      for (const [part, error] of errors ?? []) this.#failed(error, recordCountOf(parts[part]!.batch, 0))
    } catch (error) {
      this.#failed(error as BrokerError, sealed.messageCount)
    }
    home.release(reservedBytes)
    this.#inFlightCount--
    this.#unanswered.delete(ends.promise)
    ends.resolve()
    this.#pump()
  }

  #failed(error: BrokerError, messageCount: number): void {
    if (isStreamChanged(error)) this.#doors.router.routes.forget(this.#stream)
    this.#failure = {
      messageCount: this.#failure.messageCount + messageCount,
      first: this.#failure.first ?? error,
    }
    this.#settings.onError?.(error, messageCount)
  }
}

function readOptions(options: PublisherOptions) {
  return {
    lingerMs: inRange('lingerMs', options.lingerMs ?? 1, 0, 60_000),
    batchBytes: inRange('batchBytes', options.batchBytes ?? 256 * 1024, 1, 1024 * 1024),
    maxInFlightBatches: inRange('maxInFlightBatches', options.maxInFlightBatches ?? 8, 1, 1024),
    onError: options.onError,
  }
}
