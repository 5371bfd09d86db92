// The settles of one turn of the event loop: one SETTLE frame, written as they come, and what became of each
// of them. Must never hold a message.

import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import { settleVerbs } from '@sluice/protocol/native/flow-messages'
import type { SettleFailure, SettleVerb } from '@sluice/protocol/native/flow-messages'
import { beginFrame, endFrame, frameHeaderBytes, opcodes } from '@sluice/protocol/native/frame'

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
  #decided: PromiseWithResolvers<void> | undefined

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

  /** Resolves as soon as the outcome of all of them is known; never rejects. One promise for all who wait. */
  get decided(): Promise<void> {
    if (this.#failureOf !== undefined) return resolved
    this.#decided ??= Promise.withResolvers()
    return this.#decided.promise
  }

  /** Why a settle failed, once that is decided; undefined when it did not. */
  failureOf(index: number, place: DeliveredPlace): BrokerError | undefined {
    return this.#failureOf?.(index, place)
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
    this.#decided?.resolve()
    this.#decided = undefined
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
