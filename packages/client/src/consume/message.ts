// A message of a flow consumer: one small object over bytes that it shares with its neighbours. Text and
// numbers are made when they are asked for. Settling goes to the tenure that it came by; must never settle
// anywhere else.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { deliveryHeaderBytes, settleVerbs } from '@sluice/protocol/native/flow-messages'
import type { SettleVerb } from '@sluice/protocol/native/flow-messages'
import type { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { rejectedQuietly } from '../deferred.ts'
import { findHeader, readHeaders } from '../headers.ts'
import type { SettleFrame, SettleTail } from './settle-frame.ts'
import { settleTail } from './settle-options.ts'
import type { NackOptions } from './settle-options.ts'
import { Settling } from './settling.ts'
import type { Tenure } from './tenure.ts'

/** Where fields stand in an entry of DELIVER; partition, slot and sequence come first and are the token. */
const offsetPosition = 16
const timestampPosition = 24
const attemptPosition = 32
const sizePosition = 36

/** Bytes that some messages share: whole entries of a DELIVER, and who may settle them. */
export interface MessageBlock {
  /** At most 16 KiB unless one message is larger. Nothing writes to it. */
  readonly bytes: Buffer
  readonly tenure: Tenure
}

export class Message {
  // Why so few fields, and numbers that are read from the block each time: a million of these a second are
  // made, and each field is written, and moved by the collector, whether anybody asks for it or not.
  readonly #block: MessageBlock
  readonly #entryStart: number
  readonly #keyStart: number
  readonly #keyEnd: number
  readonly #dataStart: number
  readonly #dataEnd: number
  /** The frame with the first settle of this message, and which one it is there. */
  #frame: SettleFrame | undefined
  #index: number

  /** The cursor stands on the record of the entry, in `block`. */
  constructor(block: MessageBlock, entryStart: number, cursor: RecordCursor) {
    this.#block = block
    this.#entryStart = entryStart
    this.#keyStart = cursor.keyStart
    this.#keyEnd = cursor.keyEnd
    this.#dataStart = cursor.valueStart
    this.#dataEnd = cursor.valueEnd
    this.#frame = undefined
    this.#index = 0
  }

  get stream(): string {
    return this.#block.tenure.stream
  }

  get partition(): number {
    return this.#block.bytes.readUInt32BE(this.#entryStart)
  }

  get offset(): number {
    return readI64(this.#block.bytes, this.#entryStart + offsetPosition)
  }

  /** When it was published, in milliseconds since 1970. */
  get timestamp(): number {
    return readI64(this.#block.bytes, this.#entryStart + timestampPosition)
  }

  /** From 1: one more than the attempts that failed. A release, or a restart of the broker, counts none. */
  get attempt(): number {
    return this.#block.bytes.readUInt32BE(this.#entryStart + attemptPosition)
  }

  /** The key as text: lossy where it is no UTF-8, empty where there is none. `key` has the exact bytes. */
  get subject(): string {
    return this.#keyEnd < 0 ? '' : this.#block.bytes.toString('utf8', this.#keyStart, this.#keyEnd)
  }

  get key(): Buffer | null {
    return this.#keyEnd < 0 ? null : this.#block.bytes.subarray(this.#keyStart, this.#keyEnd)
  }

  /** Null for a tombstone. A view of the message's own bytes, which nothing else writes to. */
  get data(): Buffer | null {
    return this.#dataEnd < 0 ? null : this.#block.bytes.subarray(this.#dataStart, this.#dataEnd)
  }

  /** As text; made anew each time. */
  get headers(): Record<string, string> {
    return readHeaders(this.#block.bytes, this.#headersStart(), this.#recordEnd())
  }

  /** The exact bytes of a header; null where it has no value, undefined where there is none. */
  headerBytes(name: string): Buffer | null | undefined {
    return findHeader(this.#block.bytes, this.#headersStart(), this.#recordEnd(), name)
  }

  /** How the first settle of this message went, or undefined while there was none. */
  get settled(): Promise<void> | undefined {
    return this.#frame && new Settling(this.#frame, this.#index, this)
  }

  /**
   * Done. Like every settle it resolves when the broker has it on disk, and need not be awaited; settles of
   * one turn travel together. Settling again changes nothing, and tells how the first time went.
   */
  ack(): Promise<void> {
    return this.#settle(settleVerbs.ack)
  }

  /** Failed, deliver it again: after `delayMs`, or as the consumer's back-off says. */
  nack(options: NackOptions = {}): Promise<void> {
    return this.#giveBack(settleVerbs.nack, options)
  }

  /** Not tried: deliver it again at once, to anyone, without counting this attempt. */
  release(): Promise<void> {
    return this.#giveBack(settleVerbs.release)
  }

  /** Never to be delivered again: it becomes a dead letter. */
  reject(reason?: string): Promise<void> {
    return this.#giveBack(settleVerbs.reject, { reason })
  }

  /** Still at it: the time in which it must be settled begins anew. */
  working(): Promise<void> {
    const { bytes, tenure } = this.#block
    return tenure.working(this, () => {
      const { frame } = tenure
      if (frame.isOver) return new Settling(frame, 0, this)
      const index = frame.add(settleVerbs.working, bytes, this.#entryStart)
      tenure.added()
      return new Settling(frame, index, this)
    })
  }

  /** For `console.log`: what it is, without its bytes. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    const { stream, partition, offset, subject, attempt } = this
    return { stream, partition, offset, subject, attempt }
  }

  /** What cannot be sent is refused, and leaves the message unsettled. */
  #giveBack(verb: SettleVerb, options?: NackOptions): Promise<void> {
    if (this.#block.tenure.isSettledByDelivery) return rejectedQuietly(settledByDelivery())
    if (this.#frame !== undefined || options === undefined) return this.#settle(verb)
    try {
      return this.#settle(verb, settleTail(verb, options))
    } catch (error) {
      return rejectedQuietly(error as Error)
    }
  }

  #settle(verb: SettleVerb, tail?: SettleTail): Promise<void> {
    if (this.#frame === undefined) {
      const { bytes, tenure } = this.#block
      const { frame } = tenure
      this.#frame = frame
      if (!frame.isOver) {
        this.#index = frame.add(verb, bytes, this.#entryStart, tail)
        tenure.added()
      }
    }
    return new Settling(this.#frame, this.#index, this)
  }

  /** The headers follow the data, or the place where it would be. */
  #headersStart(): number {
    return Math.max(this.#dataStart, this.#dataEnd)
  }

  #recordEnd(): number {
    const recordStart = this.#entryStart + deliveryHeaderBytes
    return recordStart + this.#block.bytes.readUInt32BE(this.#entryStart + sizePosition)
  }
}

function readI64(block: Buffer, at: number): number {
  return block.readInt32BE(at) * 0x1_0000_0000 + block.readUInt32BE(at + 4)
}

function settledByDelivery(): BrokerError {
  return new BrokerError(
    'invalid-request',
    "The consumer settles what it delivers (ackPolicy 'none'), so nothing can be given back",
  )
}
