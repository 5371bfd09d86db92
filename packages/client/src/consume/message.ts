// A message of a flow consumer: one small object over bytes that it shares with its neighbours. Text is made
// when it is asked for. Settling goes to the tenure that it came by; must never settle anywhere else.

import { deliveryHeaderBytes, settleVerbs } from '@sluice/protocol/native/flow-messages'
import type { SettleVerb } from '@sluice/protocol/native/flow-messages'
import type { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { rejectedQuietly } from '../deferred.ts'
import { findHeader, readHeaders } from '../headers.ts'
import { nackDelayMs, reasonText } from './settle-options.ts'
import type { NackOptions } from './settle-options.ts'
import type { Tenure } from './tenure.ts'

/** Where fields stand in an entry of DELIVER: partition, slot and sequence come first and are the token. */
const tokenBytes = 16
const offsetPosition = 16
const timestampPosition = 24
const attemptPosition = 32
const sizePosition = 36

export class Message {
  readonly partition: number
  readonly offset: number
  /** When it was published, in milliseconds since 1970. */
  readonly timestamp: number
  /** From 1: one more than the attempts that failed. A release, or a restart of the broker, counts none. */
  readonly attempt: number
  readonly #tenure: Tenure
  /** Owned by the messages of one block together; at most 16 KiB unless one message is larger. */
  readonly #block: Buffer
  readonly #entryStart: number
  readonly #keyStart: number
  readonly #keyEnd: number
  readonly #dataStart: number
  readonly #dataEnd: number
  readonly #headersStart: number
  #settled: Promise<void> | undefined

  /** The cursor stands on the record of the entry, in `block`. */
  constructor(tenure: Tenure, block: Buffer, entryStart: number, cursor: RecordCursor) {
    this.partition = block.readUInt32BE(entryStart)
    this.offset = readI64(block, entryStart + offsetPosition)
    this.timestamp = readI64(block, entryStart + timestampPosition)
    this.attempt = block.readUInt32BE(entryStart + attemptPosition)
    this.#tenure = tenure
    this.#block = block
    this.#entryStart = entryStart
    this.#keyStart = cursor.keyStart
    this.#keyEnd = cursor.keyEnd
    this.#dataStart = cursor.valueStart
    this.#dataEnd = cursor.valueEnd
    this.#headersStart = cursor.headersStart
    this.#settled = undefined
  }

  get stream(): string {
    return this.#tenure.stream
  }

  /** The key as text: lossy where it is no UTF-8, empty where there is none. `key` has the exact bytes. */
  get subject(): string {
    return this.#keyEnd < 0 ? '' : this.#block.toString('utf8', this.#keyStart, this.#keyEnd)
  }

  get key(): Buffer | null {
    return this.#keyEnd < 0 ? null : this.#block.subarray(this.#keyStart, this.#keyEnd)
  }

  /** Null for a tombstone. A view of the message's own bytes, which nothing else writes to. */
  get data(): Buffer | null {
    return this.#dataEnd < 0 ? null : this.#block.subarray(this.#dataStart, this.#dataEnd)
  }

  /** As text; made anew each time. */
  get headers(): Record<string, string> {
    return readHeaders(this.#block, this.#headersStart, this.#recordEnd())
  }

  /** The exact bytes of a header; null where it has no value, undefined where there is none. */
  headerBytes(name: string): Buffer | null | undefined {
    return findHeader(this.#block, this.#headersStart, this.#recordEnd(), name)
  }

  /** The first settle of this message: its promise, or undefined while there was none. */
  get settled(): Promise<void> | undefined {
    return this.#settled
  }

  /**
   * Done. Like every settle it resolves when the broker has it on disk, and need not be awaited; settles of
   * one turn travel together. Settling again returns the promise of the first time.
   */
  ack(): Promise<void> {
    return (this.#settled ??= this.#settle(settleVerbs.ack))
  }

  /** Failed, deliver it again: after `delayMs`, or as the consumer's back-off says. */
  nack(options: NackOptions = {}): Promise<void> {
    return (this.#settled ??= this.#settle(settleVerbs.nack, options))
  }

  /** Not tried: deliver it again at once, to anyone, without counting this attempt. */
  release(): Promise<void> {
    return (this.#settled ??= this.#settle(settleVerbs.release))
  }

  /** Never to be delivered again: it becomes a dead letter. */
  reject(reason?: string): Promise<void> {
    return (this.#settled ??= this.#settle(settleVerbs.reject, { reason }))
  }

  /** Still at it: the time in which it must be settled begins anew. */
  working(): Promise<void> {
    return this.#tenure.working(this, () => this.#settle(settleVerbs.working))
  }

  #settle(verb: SettleVerb, options: NackOptions = {}): Promise<void> {
    try {
      const delayMs = verb === settleVerbs.nack ? nackDelayMs(options) : 0
      const writer = this.#tenure.beginSettle(this)
      writer.u8(verb)
      writer.slice(this.#block, this.#entryStart, this.#entryStart + tokenBytes)
      if (verb === settleVerbs.nack) writer.u32(delayMs)
      if (verb === settleVerbs.nack || verb === settleVerbs.reject)
        writer.string16(reasonText(options.reason))
      return this.#tenure.endSettle(this)
    } catch (error) {
      return rejectedQuietly(error as Error)
    }
  }

  #recordEnd(): number {
    const recordStart = this.#entryStart + deliveryHeaderBytes
    return recordStart + this.#block.readUInt32BE(this.#entryStart + sizePosition)
  }
}

function readI64(block: Buffer, at: number): number {
  return block.readInt32BE(at) * 0x1_0000_0000 + block.readUInt32BE(at + 4)
}
