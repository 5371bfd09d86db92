// Requests and notices between two nodes of one broker, over a channel between their threads. What fails
// there fails here with the same code; when the other end goes, what waits for it fails with
// `node-unavailable`. Must never hold back what comes after a request that takes long.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import type { Logger } from '../base/logger.ts'
import { IoError } from '../io/io.ts'
import type { Channel, ChannelEnd, ChannelHandler } from '../io/threads.ts'

/** What two nodes may say to each other, by name. Bodies and answers are plain data and bytes. */
export interface MessageTable {
  readonly requests: object
  readonly notices: object
}

type BodyOf<Entry> = Entry extends { body: infer Body } ? Body : never
type AnswerOf<Entry> = Entry extends { answer: infer Answer } ? Answer : never

export interface PeerRequest {
  readonly from: Peer<MessageTable>
  readonly end: ChannelEnd | undefined
}

/** Answers requests, and hears notices, of every peer that it is given. */
export class PeerServices<T extends MessageTable> {
  readonly #handlers = new Map<string, (body: unknown, request: PeerRequest) => unknown>()

  answer<M extends keyof T['requests'] & string>(
    method: M,
    handler: (body: BodyOf<T['requests'][M]>, request: PeerRequest) => Answered<AnswerOf<T['requests'][M]>>,
  ): void {
    this.#handlers.set(method, handler as (body: unknown, request: PeerRequest) => unknown)
  }

  hear<M extends keyof T['notices'] & string>(
    notice: M,
    handler: (body: T['notices'][M], request: PeerRequest) => void,
  ): void {
    this.#handlers.set(notice, handler as (body: unknown, request: PeerRequest) => unknown)
  }

  /** For peers. */
  run(name: string, body: unknown, request: PeerRequest): unknown {
    const handler = this.#handlers.get(name)
    if (handler === undefined) throw new Error(`no node answers ${name}`)
    return handler(body, request)
  }
}

type Answered<Answer> = Answer | Moved<Answer> | Promise<Answer | Moved<Answer>>

/** An answer whose bytes are moved to the peer rather than copied. */
export class Moved<Answer> {
  readonly answer: Answer
  readonly buffers: readonly ArrayBuffer[]

  constructor(answer: Answer, buffers: readonly ArrayBuffer[]) {
    this.answer = answer
    this.buffers = buffers
  }
}

const kinds = { request: 0, answer: 1, refusal: 2, notice: 3 } as const

interface Message {
  readonly kind: (typeof kinds)[keyof typeof kinds]
  readonly id: number
  /** Of a request or notice. */
  readonly name: string
  readonly body: unknown
}

interface Refusal {
  readonly code: ErrorCode
  readonly message: string
}

interface Waiting {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: BrokerError) => void
}

export interface PeerOptions<T extends MessageTable> {
  /** For people: `node 2`. */
  readonly name: string
  readonly services: PeerServices<T>
  readonly logger: Logger
  readonly closed: () => void
}

export class Peer<T extends MessageTable> implements ChannelHandler {
  readonly name: string
  readonly #channel: Channel
  readonly #options: PeerOptions<T>
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #isClosed = false

  constructor(channel: Channel, options: PeerOptions<T>) {
    this.name = options.name
    this.#channel = channel
    this.#options = options
    channel.start(this)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  request<M extends keyof T['requests'] & string>(
    name: M,
    body: BodyOf<T['requests'][M]>,
    buffers?: readonly ArrayBuffer[],
  ): Promise<AnswerOf<T['requests'][M]>> {
    if (this.#isClosed) return Promise.reject(unavailable(this.name))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject })
      this.#post({ kind: kinds.request, id, name, body }, buffers)
    })
  }

  /** Says something that nobody answers. */
  tell<M extends keyof T['notices'] & string>(name: M, body: T['notices'][M], end?: ChannelEnd): void {
    if (this.#isClosed) return
    const message: Message = { kind: kinds.notice, id: 0, name, body }
    this.#channel.post(message, end === undefined ? undefined : { end })
  }

  close(): void {
    this.#channel.close()
  }

  received(message: unknown, end: ChannelEnd | undefined): void {
    const { kind, id, name, body } = message as Message
    switch (kind) {
      case kinds.request:
        return void this.#run(id, name, body, end)
      case kinds.notice:
        this.#options.services.run(name, body, this.#as(end))
        return
      case kinds.answer:
        return this.#take(id)?.resolve(body)
      case kinds.refusal: {
        const { code, message: text } = body as Refusal
        return this.#take(id)?.reject(BrokerError.received(code, text))
      }
    }
  }

  closed(): void {
    this.#isClosed = true
    for (const { reject } of this.#waiting.values()) reject(unavailable(this.name))
    this.#waiting.clear()
    this.#options.closed()
  }

  async #run(id: number, name: string, body: unknown, end: ChannelEnd | undefined): Promise<void> {
    try {
      const answer: unknown = await this.#options.services.run(name, body, this.#as(end))
      if (answer instanceof Moved) {
        this.#post({ kind: kinds.answer, id, name: '', body: answer.answer as unknown }, answer.buffers)
      } else this.#post({ kind: kinds.answer, id, name: '', body: answer })
    } catch (error) {
      this.#post({ kind: kinds.refusal, id, name: '', body: this.#refusal(error, name) })
    }
  }

  #refusal(error: unknown, name: string): Refusal {
    if (error instanceof BrokerError) return { code: error.code, message: error.message }
    if (error instanceof IoError) {
      return { code: error.kind === 'full' ? 'disk-full' : 'io-failed', message: error.message }
    }
    this.#options.logger.error({ error, request: name, peer: this.name }, 'a request of another node failed')
    return { code: 'internal', message: 'A node of the broker failed on this request' }
  }

  #post(message: Message, buffers?: readonly ArrayBuffer[]): void {
    this.#channel.post(message, buffers === undefined ? undefined : { buffers })
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }

  #as(end: ChannelEnd | undefined): PeerRequest {
    return { from: this as unknown as Peer<MessageTable>, end }
  }
}

export function unavailable(name: string): BrokerError {
  return new BrokerError('node-unavailable', `${name} is not there`)
}
