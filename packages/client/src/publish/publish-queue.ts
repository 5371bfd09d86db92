// `client.publish`: messages that are published at about the same time travel in one frame. One frame of a
// stream is under way at a time and the next gathers meanwhile, so the order of the calls is the order of
// the offsets, also when the broker refuses one of the messages. The broker syncs its disk by groups in
// the same way.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { recordAt } from '@sluice/protocol/record/log-record'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { Gathering } from '../gathering.ts'
import type { Link } from '../link/link.ts'
import { abortedError } from '../link/pending-request.ts'
import type { Router } from '../routing/router.ts'
import type { ClientPlatform } from '../transport/platform.ts'
import { PublishLoad, publishFrameBytes, publishPartBytes } from './publish-load.ts'
import type { LoadPlace, SealedLoad } from './publish-load.ts'
import { isStreamChanged, requestPublish } from './publish-request.ts'
import { messageBytesMax } from './published.ts'
import type { NewMessage, Published } from './published.ts'

/** A frame is not made larger than this, whatever the broker would take. */
const frameBytesMax = 4 * 1024 * 1024
/** When a refused load is sent again message by message, how many of them at a time. */
const singlesAtOnce = 32

interface Entry {
  readonly place: LoadPlace
  readonly ends: PromiseWithResolvers<Published>
}

interface Gathered {
  readonly load: PublishLoad
  readonly entries: Entry[]
  readonly startedMs: number
}

export interface PublishDoors {
  readonly router: Router
  /** Where the bytes of all publishing are counted, whoever leads what. */
  readonly home: Link
  readonly platform: ClientPlatform
}

export class PublishQueue {
  readonly #stream: string
  readonly #doors: PublishDoors
  readonly #gathering = new Gathering(() => this.#next())
  /** Loads in order; the last one grows. */
  readonly #loads: Gathered[] = []
  /** Ends with the load that is under way. */
  #sending: Promise<void> | undefined

  constructor(stream: string, doors: PublishDoors) {
    this.#stream = stream
    this.#doors = doors
  }

  /** The message is checked; its bytes are the caller's again when this returns. */
  publish(message: NewMessage, partitionCount: number, signal?: AbortSignal): Promise<Published> {
    if (signal?.aborted === true) return Promise.reject(abortedError(signal))
    const size = messageBytesMax(message) + publishPartBytes
    const sizeMax = this.#doors.home.frameBytesMax - publishFrameBytes
    if (size > sizeMax) {
      const text = `A message of ${size} bytes; the broker takes frames of ${sizeMax}`
      return Promise.reject(new BrokerError('message-too-large', text))
    }
    try {
      this.#doors.home.reserve(size)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    const { load, entries } = this.#loadFor(size, Math.min(sizeMax, frameBytesMax))
    const place = load.add(message, partitionCount, Math.floor(this.#doors.platform.wallMs()))
    const ends = Promise.withResolvers<Published>()
    entries.push({ place, ends })
    if (signal !== undefined) rejectOnAbort(ends, signal)
    this.#gathering.touch()
    return ends.promise.finally(() => this.#doors.home.release(size))
  }

  /** Sends what is gathered, and resolves when every message has its answer. */
  async finish(): Promise<void> {
    this.#next()
    while (this.#sending !== undefined) await this.#sending
  }

  get isIdle(): boolean {
    return this.#sending === undefined && this.#loads.length === 0
  }

  #loadFor(size: number, sizeMax: number): Gathered {
    const last = this.#loads.at(-1)
    if (last !== undefined && last.load.sizeBytes + size <= sizeMax) return last
    const startedMs = this.#doors.platform.monotonicMs()
    const made = { load: new PublishLoad(), entries: [], startedMs }
    this.#loads.push(made)
    return made
  }

  #next(): void {
    if (this.#sending !== undefined) return
    const gathered = this.#loads.shift()
    if (gathered === undefined) return
    this.#sending = this.#send(gathered).then(() => {
      this.#sending = undefined
      this.#next()
    })
  }

  /** Never rejects: every entry gets its own answer. */
  async #send({ load, entries, startedMs }: Gathered): Promise<void> {
    const { router, platform } = this.#doors
    const sealed = load.seal()
    try {
      const waitedMs = platform.monotonicMs() - startedMs
      const parts = await requestPublish(router, { stream: this.#stream, parts: sealed.parts, waitedMs })
      for (const { place, ends } of entries)
        if (parts.errorOf(place.part) === undefined) ends.resolve(parts.placeOf(place))
      for (const [part, error] of parts.errors ?? []) {
        const theirs = entries.filter(({ place }) => place.part === part)
        await this.#refused(error, sealed, theirs)
      }
    } catch (error) {
      await this.#refused(error as BrokerError, sealed, entries)
    }
  }

  /**
   * Nothing of a refused load is stored: find out which message was at fault, or use the right partitions.
   */
  async #refused(error: BrokerError, sealed: SealedLoad, entries: readonly Entry[]): Promise<void> {
    const isChanged = isStreamChanged(error)
    if (isChanged) this.#doors.router.routes.forget(this.#stream)
    const isWorthIt = isChanged
      ? error.code === 'unknown-partition'
      : error.kind === 'invalid' && entries.length > 1
    if (!isWorthIt || error.code === 'aborted' || error.code === 'client-closed') {
      for (const { ends } of entries) ends.reject(error)
      return
    }
    const messages = messagesOf(sealed)
    for (let start = 0; start < entries.length; start += singlesAtOnce) {
      const some = entries.slice(start, start + singlesAtOnce)
      await Promise.all(some.map((entry) => this.#sendAlone(messages(entry.place), entry.ends)))
    }
  }

  async #sendAlone(message: NewMessage, ends: PromiseWithResolvers<Published>): Promise<void> {
    const { router } = this.#doors
    try {
      const { routes } = router
      const { partitionCount } = routes.get(this.#stream) ?? (await routes.ask(this.#stream))
      const load = new PublishLoad()
      const place = load.add(message, partitionCount, 0)
      const parts = await requestPublish(router, {
        stream: this.#stream,
        parts: load.seal().parts,
        waitedMs: 0,
      })
      ends.resolve(parts.placeOf(place))
    } catch (error) {
      ends.reject(error as Error)
    }
  }
}

function rejectOnAbort(ends: PromiseWithResolvers<Published>, signal: AbortSignal): void {
  const abort = (): void => ends.reject(abortedError(signal))
  const stopListening = (): void => signal.removeEventListener('abort', abort)
  signal.addEventListener('abort', abort)
  ends.promise.then(stopListening, stopListening)
}

/** Gives the messages of a load by their places. */
function messagesOf({ parts }: SealedLoad): (place: LoadPlace) => NewMessage {
  const byPart = parts.map(({ batch }) => {
    const cursor = new RecordCursor()
    cursor.open(batch, 0)
    const messages: NewMessage[] = []
    while (cursor.next()) {
      const { subject, data, headers, timestamp } = recordAt(cursor)
      messages.push({ subject: subject!, data, headers, timestamp })
    }
    return messages
  })
  return ({ part, index }) => byPart[part]![index]!
}
