// The settles of one turn of the event loop: one SETTLE frame, written as they come, and what became of each
// of them. A promise is made only for those that somebody asks about. Must never hold a message that nobody
// asks about.

import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import { settleVerbs } from '@sluice/protocol/native/flow-messages'
import type { SettleFailure, SettleVerb } from '@sluice/protocol/native/flow-messages'
import { beginFrame, endFrame, frameHeaderBytes, opcodes } from '@sluice/protocol/native/frame'
import { rejectedQuietly } from '../deferred.ts'

const noop = (): void => {}
const resolved = Promise.resolve()

/** Partition, slot and sequence. */
const tokenBytes = 16
const countPosition = frameHeaderBytes + 4

/** What errors name of a message. */
export interface DeliveredPlace {
  readonly stream: string
  readonly partition: number
  readonly offset: number
}

interface Waiting {
  readonly place: DeliveredPlace
  readonly ends: PromiseWithResolvers<void>
}

/** Why a settle failed; undefined when it did not. */
type FailureOf = (index: number, place: DeliveredPlace) => BrokerError | undefined

/** What follows the token of a nack, and without the delay of a reject. */
export interface SettleTail {
  readonly delayMs: number
  readonly reason: string
}

export class SettleFrame {
  /** Owned by the tenure, which uses it for one frame after the other. */
  readonly #writer: ByteWriter
  readonly #subscription: number
  #count = 0
  /** Set once the outcome is known. */
  #failureOf: FailureOf | undefined
  #waiting: Map<number, Waiting> | undefined

  constructor(writer: ByteWriter, subscription: number) {
    this.#writer = writer
    this.#subscription = subscription
  }

  /** How many settles it has. */
  get count(): number {
    return this.#count
  }

  /** The outcome is known, so nothing may be added. */
  get isOver(): boolean {
    return this.#failureOf !== undefined
  }

  /** How many bytes it has so far. */
  get sizeBytes(): number {
    return this.#writer.position
  }

  /** Writes one settle with the token that stands in `block`; returns its index. Not when it is over. */
  add(verb: SettleVerb, block: Uint8Array, tokenStart: number, tail?: SettleTail): number {
    const writer = this.#writer
    if (this.#count === 0) this.#begin()
    writer.ensure(1 + tokenBytes)
    const { bytes } = writer
    let at = writer.position
    bytes[at++] = verb
    for (let from = tokenStart; from < tokenStart + tokenBytes;) bytes[at++] = block[from++]!
    writer.position = at
    if (tail !== undefined) {
      if (verb === settleVerbs.nack) writer.u32(tail.delayMs)
      writer.string16(tail.reason)
    }
    return this.#count++
  }

  /** The whole frame but for its correlation; the writer is free for the next one. */
  take(): Uint8Array {
    this.#writer.patchU32(countPosition, this.#count)
    endFrame(this.#writer, 0)
    return this.#writer.take()
  }
  /** The broker has answered: all are settled but those it names. */
  confirm(failures: readonly SettleFailure[]): void {
    if (failures.length === 0) return this.#end(nothingFailed)
    const codes = new Map(failures.map(({ index, code }) => [index, code]))
    this.#end((index, place) => {
      const code = codes.get(index)
      return code === undefined ? undefined : refusal(code, place)
    })
  }

  /** None of them is known to be settled. */
  fail(errorOf: (place: DeliveredPlace) => BrokerError): void {
    this.#end((_, place) => errorOf(place))
  }

  /** The outcome of one settle. Need not be awaited: a rejection that nobody handles is not reported. */
  promiseOf(index: number, place: DeliveredPlace): Promise<void> {
    if (this.#failureOf !== undefined) {
      const failure = this.#failureOf(index, place)
      return failure === undefined ? resolved : rejectedQuietly(failure)
    }
    this.#waiting ??= new Map()
    const known = this.#waiting.get(index)
    if (known !== undefined) return known.ends.promise
    const ends = Promise.withResolvers<void>()
    this.#waiting.set(index, { place, ends })
    return ends.promise
  }

  #begin(): void {
    this.#writer.position = 0
    beginFrame(this.#writer, opcodes.settle, 0)
    this.#writer.u32(this.#subscription)
    this.#writer.u32(0)
  }

  #end(failureOf: FailureOf): void {
    if (this.#failureOf !== undefined) return
    this.#failureOf = failureOf
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) return
    for (const [index, { place, ends }] of waiting) {
      const failure = failureOf(index, place)
      if (failure === undefined) ends.resolve()
      else rejectQuietly(ends, failure)
    }
  }
}

/** For messages that are settled by being delivered. */
export const settledFrame: SettleFrame = new SettleFrame(new ByteWriter(0), 0)
settledFrame.confirm([])

function nothingFailed(): undefined {}

function refusal(code: ErrorCode, { stream, partition, offset }: DeliveredPlace): BrokerError {
  return new BrokerError(
    code,
    `The broker did not settle offset ${offset} of ${stream}, partition ${partition}`,
  )
}

/**
 * Why only here: a promise without a handler is reported when it is rejected, so the good case pays nothing.
 */
function rejectQuietly(ends: PromiseWithResolvers<void>, error: Error): void {
  ends.promise.catch(noop)
  ends.reject(error)
}
