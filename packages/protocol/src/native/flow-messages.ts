// What passes between a flow consumer and its members.
//
// SUBSCRIBE     subscription u32 (chosen by the client) · stream string16 · consumer string16 · window u32
// SET_WINDOW    subscription u32 · window u32       0: deliver nothing more; after the answer nothing comes
// PULL          subscription u32 · count u32        deliver at most so many records more, whatever is held;
//               a subscription with window 0 gets what it pulls. 0 takes back what is not delivered yet, and
//               after the answer nothing comes. At most 2^20.
// UNSUBSCRIBE   subscription u32                    what is held is returned and counts as released
//               the four are answered with an empty body
// DELIVER       subscription u32 · count u32 ·
//               { partition u32 · slot u32 · sequence i64 · offset i64 · timestamp i64 · attempt u32 ·
//                 size u32 · record as in a record batch, without its length }*
// SETTLE        subscription u32 · count u32 · { verb u8 · partition u32 · slot u32 · sequence i64 · tail }*
//               tail: of nack delayMs u32 (0xffffffff: as the consumer's back-off says) · reason string16;
//               of reject reason string16. The reason is kept for the dead letter and may be empty.
// answer        count u32 · { index u32 · code u16 }*     only the settles that were refused
// ENDED         subscription u32 · code u16 · text string32
//
// (partition, slot, sequence) with the connection's bootEpoch is the delivery token: `slot` finds the
// delivery, `sequence`, which never repeats within a boot epoch, proves that it is still the same one.

import { BrokerError } from '../errors/broker-error.ts'
import { ERROR_CODES, errorCodeOf } from '../errors/error-codes.ts'
import type { ErrorCode } from '../errors/error-codes.ts'
import type { ByteReader } from '../bytes/byte-reader.ts'
import type { ByteWriter } from '../bytes/byte-writer.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export const settleVerbs = { ack: 0, nack: 1, release: 2, reject: 3, working: 4 } as const
export type SettleVerb = (typeof settleVerbs)[keyof typeof settleVerbs]

export const delayByBackoff = 0xffff_ffff
/** Longest delay that a nack can name: 30 days. */
export const nackDelayMsMax = 30 * 24 * 3_600_000
/** What both sides cut a reason to: a stack trace must not fill memory and the log of dead letters. */
const settleReasonCharactersMax = 1000
/** Most records that one PULL may ask for. */
export const pullCountMax: number = 2 ** 20
/** Bytes of one entry of DELIVER before its record. */
export const deliveryHeaderBytes = 40

export interface SubscribeRequest {
  readonly subscription: number
  readonly stream: string
  readonly consumer: string
  readonly window: number
}

export function writeSubscribe(writer: ByteWriter, request: SubscribeRequest): void {
  writer.u32(request.subscription)
  writer.string16(request.stream)
  writer.string16(request.consumer)
  writer.u32(request.window)
}

export function readSubscribe(reader: ByteReader): SubscribeRequest {
  const subscription = reader.u32()
  const stream = reader.string16()
  const consumer = reader.string16()
  const window = reader.u32()
  reader.finish()
  return { subscription, stream, consumer, window }
}

/** One settle, read into fields that are used again for the next: see `readSettleInto`. */
export interface Settle {
  verb: SettleVerb
  partition: number
  slot: number
  sequence: number
  /** Of nack; `delayByBackoff` where the consumer decides. */
  delayMs: number
  /** Of nack and reject, at most `settleReasonCharactersMax` characters. */
  reason: string
}

export function writeSettle(writer: ByteWriter, settle: Settle): void {
  writer.u8(settle.verb)
  writer.u32(settle.partition)
  writer.u32(settle.slot)
  writer.i64(settle.sequence)
  if (settle.verb === settleVerbs.nack) writer.u32(settle.delayMs)
  if (hasReason(settle.verb)) writer.string16(settle.reason)
}

export function readSettleInto(reader: ByteReader, settle: Settle): void {
  const verb = reader.u8()
  if (verb > settleVerbs.working) throw new BrokerError('invalid-request', `${verb} is no way to settle`)
  settle.verb = verb as SettleVerb
  settle.partition = reader.u32()
  settle.slot = reader.u32()
  settle.sequence = reader.i64()
  settle.delayMs = verb === settleVerbs.nack ? reader.u32() : 0
  settle.reason = hasReason(settle.verb) ? cutReason(reader.string16()) : ''
}

function hasReason(verb: SettleVerb): boolean {
  return verb === settleVerbs.nack || verb === settleVerbs.reject
}

/** Why through bytes: a slice would keep the whole text in memory for as long as it lives. */
export function cutReason(reason: string): string {
  if (reason.length <= settleReasonCharactersMax) return reason
  const isPairCut = /[\ud800-\udbff]/.test(reason[settleReasonCharactersMax - 1]!)
  const end = isPairCut ? settleReasonCharactersMax - 1 : settleReasonCharactersMax
  return decoder.decode(encoder.encode(reason.slice(0, end)))
}

export interface SettleFailure {
  readonly index: number
  readonly code: ErrorCode
}

export function writeSettleFailures(writer: ByteWriter, failures: readonly SettleFailure[]): void {
  writer.u32(failures.length)
  for (const { index, code } of failures) {
    writer.u32(index)
    writer.u16(ERROR_CODES[code].number)
  }
}

export function readSettleFailures(reader: ByteReader): SettleFailure[] {
  const count = reader.u32()
  const failures: SettleFailure[] = []
  for (let at = 0; at < count; at++) failures.push({ index: reader.u32(), code: errorCodeOf(reader.u16()) })
  reader.finish()
  return failures
}

export interface SubscriptionEnded {
  readonly subscription: number
  readonly error: BrokerError
}

export function writeSubscriptionEnded(writer: ByteWriter, { subscription, error }: SubscriptionEnded): void {
  writer.u32(subscription)
  writer.u16(ERROR_CODES[error.code].number)
  writer.string32(error.message)
}

export function readSubscriptionEnded(reader: ByteReader): SubscriptionEnded {
  const subscription = reader.u32()
  const code = errorCodeOf(reader.u16())
  const error = BrokerError.received(code, reader.string32())
  reader.finish()
  return { subscription, error }
}
