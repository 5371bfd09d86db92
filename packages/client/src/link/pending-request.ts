// One request from the call to its answer, over as many connections as it takes.

import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import type { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Opcode } from '@sluice/protocol/native/frame'

/** What a request says: its body, written when it is sent, or a whole frame that lacks its correlation. */
export type RequestContent = { encode(writer: ByteWriter): void } | { readonly frame: Uint8Array }

export type RequestSpec<T> = RequestTerms<T> & RequestContent

interface RequestTerms<T> {
  readonly opcode: Opcode
  /** A read, which is sent again after a break; anything else ends as `outcome-unknown`. */
  readonly isRepeatable: boolean
  /** What it holds in memory until it is answered; counts against maxBufferedBytes. */
  readonly sizeBytes: number
  /**
   * How long the broker may wait on purpose, on top of the request timeout; below 0 for time already spent.
   */
  readonly waitMs?: number
  readonly signal?: AbortSignal | undefined
  /** Hears the first bytes of a large answer, `headBytes` or more, once, while the rest is under way. */
  readonly begun?: (reader: ByteReader) => void
  readonly headBytes?: number
  /** Reads the body of the answer. The bytes are borrowed for the call, unless `isOwned`. */
  decode(reader: ByteReader, isOwned: boolean): T
}

/** Called once, when the request has an answer or an error. */
export type RequestEnded = (request: PendingRequest<unknown>) => void

export class PendingRequest<T> {
  readonly spec: RequestSpec<T>
  readonly promise: Promise<T>
  readonly deadlineMs: number
  isSent = false
  /** On the connection that it was last sent on. */
  correlation = 0
  isOver = false
  #hasBegun = false
  readonly #ended: RequestEnded
  readonly #ends: PromiseWithResolvers<T>
  readonly #abort: (() => void) | undefined

  constructor(spec: RequestSpec<T>, deadlineMs: number, ended: RequestEnded) {
    this.spec = spec
    this.deadlineMs = deadlineMs
    this.#ended = ended
    this.#ends = Promise.withResolvers<T>()
    this.promise = this.#ends.promise
    const { signal } = spec
    this.#abort = signal && (() => this.fail(abortedError(signal)))
    if (this.#abort !== undefined) signal?.addEventListener('abort', this.#abort)
  }

  /** Throws what reading throws: an answer that cannot be read is a broken connection. */
  succeed(reader: ByteReader, isOwned: boolean): void {
    if (this.isOver) return
    try {
      this.#ends.resolve(this.spec.decode(reader, isOwned))
    } catch (error) {
      this.fail(error as Error)
      throw error
    }
    this.#end()
  }

  /** `arrived` bytes of a frame's body have come, from `start` on, and more are under way. */
  begin(bytes: Uint8Array, start: number, end: number): void {
    const { headBytes, begun } = this.spec
    if (this.isOver || this.#hasBegun || headBytes === undefined || end - start < headBytes) return
    this.#hasBegun = true
    begun?.(new ByteReader(bytes, start, end))
  }

  fail(error: Error): void {
    if (this.isOver) return
    this.#ends.reject(error)
    this.#end()
  }

  /** The connection that it was sent on is gone; true when it is to be sent on the next one. */
  lose(reason: BrokerError): boolean {
    if (this.isOver) return false
    if (this.spec.isRepeatable) {
      this.isSent = false
      return true
    }
    this.fail(
      new BrokerError('outcome-unknown', `The connection broke: ${reason.message}`, { cause: reason }),
    )
    return false
  }

  #end(): void {
    this.isOver = true
    if (this.#abort !== undefined) this.spec.signal?.removeEventListener('abort', this.#abort)
    this.#ended(this as PendingRequest<unknown>)
  }
}

export function abortedError(signal: AbortSignal): BrokerError {
  return new BrokerError('aborted', 'The signal was aborted', { cause: signal.reason })
}
