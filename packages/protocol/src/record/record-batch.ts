// Kafka's record batch, format 2: what a client sends, what the log stores, what a reader gets.
// Source: the Apache Kafka documentation, "Record Batch". All integers are big endian.
//
//    0  baseOffset            i64   set by the broker
//    8  batchLength           i32   bytes after this field
//   12  partitionLeaderEpoch  i32   set by the broker
//   16  magic                 i8    2
//   17  crc                   u32   CRC-32C of everything from 21 to the end
//   21  attributes            i16   bits 0-2 compression, 3 timestamp type, 4 transactional, 5 control
//   23  lastOffsetDelta       i32
//   27  baseTimestamp         i64
//   35  maxTimestamp          i64
//   43  producerId            i64   -1: none
//   51  producerEpoch         i16   -1: none
//   53  baseSequence          i32   -1: none
//   57  recordCount           i32
//   61  records
//
// The broker may set baseOffset and partitionLeaderEpoch in place: the checksum does not cover them.
// Functions take (bytes, position of the batch), so that nobody needs a view per batch.

import { crc32c } from '../bytes/crc32c.ts'
import type { ErrorCode } from '../errors/error-codes.ts'

export const batchHeaderBytes = 61
/** Bytes in front of what `batchLength` counts. */
const lengthOverhead = 12
const crcStart = 21
const compressionMask = 0x07
const appendTimeBit = 0x08
const transactionalBit = 0x10
const controlBit = 0x20
/** Length, attributes, two deltas, two sizes and a header count, of one byte each. */
const recordBytesMin = 7

function i32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

function i64(bytes: Uint8Array, at: number): number {
  return i32(bytes, at) * 0x1_0000_0000 + (i32(bytes, at + 4) >>> 0)
}

function setI32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

function setI64(bytes: Uint8Array, at: number, value: number): void {
  setI32(bytes, at, Math.floor(value / 0x1_0000_0000))
  setI32(bytes, at + 4, value >>> 0)
}

export function baseOffsetOf(bytes: Uint8Array, at: number): number {
  return i64(bytes, at)
}

/** Bytes of the whole batch as its header claims; only `checkBatch` says whether the claim is true. */
export function batchSizeOf(bytes: Uint8Array, at: number): number {
  return i32(bytes, at + 8) + lengthOverhead
}

export function leaderEpochOf(bytes: Uint8Array, at: number): number {
  return i32(bytes, at + 12)
}

export function magicOf(bytes: Uint8Array, at: number): number {
  return bytes[at + 16]!
}

export function attributesOf(bytes: Uint8Array, at: number): number {
  return (bytes[at + 21]! << 8) | bytes[at + 22]!
}

/** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
export function compressionOf(bytes: Uint8Array, at: number): number {
  return attributesOf(bytes, at) & compressionMask
}

export function isControlBatch(bytes: Uint8Array, at: number): boolean {
  return (attributesOf(bytes, at) & controlBit) !== 0
}

export function isTransactional(bytes: Uint8Array, at: number): boolean {
  return (attributesOf(bytes, at) & transactionalBit) !== 0
}

export function lastOffsetDeltaOf(bytes: Uint8Array, at: number): number {
  return i32(bytes, at + 23)
}

export function lastOffsetOf(bytes: Uint8Array, at: number): number {
  return baseOffsetOf(bytes, at) + lastOffsetDeltaOf(bytes, at)
}

export function baseTimestampOf(bytes: Uint8Array, at: number): number {
  return i64(bytes, at + 27)
}

/** Whether all records have the largest timestamp, which is then the broker's, instead of their own. */
export function hasAppendTime(bytes: Uint8Array, at: number): boolean {
  return (attributesOf(bytes, at) & appendTimeBit) !== 0
}

export function maxTimestampOf(bytes: Uint8Array, at: number): number {
  return i64(bytes, at + 35)
}

/** -1: none, so that nobody looks for repetitions in its sequence numbers. */
export function producerIdOf(bytes: Uint8Array, at: number): number {
  return i64(bytes, at + 43)
}

export function producerEpochOf(bytes: Uint8Array, at: number): number {
  return i32(bytes, at + 51) >> 16
}

/** Of the first record; the others follow one by one, and after 2^31 - 1 comes 0. */
export function baseSequenceOf(bytes: Uint8Array, at: number): number {
  return i32(bytes, at + 53)
}

export function recordCountOf(bytes: Uint8Array, at: number): number {
  return i32(bytes, at + 57)
}

/** Gives a batch its place in a log. */
export function placeBatch(bytes: Uint8Array, at: number, baseOffset: number, leaderEpoch: number): void {
  setI64(bytes, at, baseOffset)
  setI32(bytes, at + 12, leaderEpoch)
}

/** Sets the time of the youngest record; of all of them where the broker's time counts for them. */
export function stampBatch(bytes: Uint8Array, at: number, maxTimestamp: number, isAppendTime: boolean): void {
  setI64(bytes, at + 35, maxTimestamp)
  if (isAppendTime) bytes[at + 22]! |= appendTimeBit
  setI32(bytes, at + 17, crc32c(bytes, at + crcStart, at + batchSizeOf(bytes, at)))
}

/** Whether a whole batch stands at `[at, end)` at least by its sizes: enough to step over it. */
export function isBatchShaped(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < batchHeaderBytes || magicOf(bytes, at) !== 2) return false
  const size = batchSizeOf(bytes, at)
  return size >= batchHeaderBytes && size <= end - at && recordCountOf(bytes, at) >= 0
}

export function isChecksumRight(bytes: Uint8Array, at: number): boolean {
  const stored = i32(bytes, at + 17) >>> 0
  return crc32c(bytes, at + crcStart, at + batchSizeOf(bytes, at)) === stored
}

/** Checks a batch of a client that fills `[at, end)` exactly; the code of what is wrong, or undefined. */
export function checkBatch(bytes: Uint8Array, at: number, end: number): ErrorCode | undefined {
  if (!isBatchShaped(bytes, at, end) || at + batchSizeOf(bytes, at) !== end) return 'invalid-batch'
  if (!isChecksumRight(bytes, at)) return 'corrupt-batch'
  const count = recordCountOf(bytes, at)
  if (count < 1 || lastOffsetDeltaOf(bytes, at) !== count - 1 || isControlBatch(bytes, at))
    return 'invalid-batch'
  const isCompressed = compressionOf(bytes, at) !== 0
  if (!isCompressed && count > (end - at - batchHeaderBytes) / recordBytesMin) return 'invalid-batch'
  return undefined
}

/**
 * Makes the header at 0, copied from a batch that held more records, true for those that stand behind it now.
 * Its base offset, base timestamp and place stay, and with them what the records tell of themselves.
 */
export function resealBatch(
  bytes: Uint8Array,
  end: number,
  header: { readonly lastOffsetDelta: number; readonly maxTimestamp: number; readonly recordCount: number },
): void {
  setI32(bytes, 8, end - lengthOverhead)
  setI32(bytes, 23, header.lastOffsetDelta)
  setI64(bytes, 35, header.maxTimestamp)
  setI32(bytes, 57, header.recordCount)
  setI32(bytes, 17, crc32c(bytes, crcStart, end))
}

/**
 * Fills in a header around records that already stand at `at + batchHeaderBytes`; the last
 * step of building.
 */
export function sealBatch(
  bytes: Uint8Array,
  end: number,
  header: BatchTimes & { recordCount: number },
): void {
  setI64(bytes, 0, 0)
  setI32(bytes, 8, end - lengthOverhead)
  setI32(bytes, 12, -1)
  bytes[16] = 2
  bytes[21] = 0
  bytes[22] = 0
  setI32(bytes, 23, header.recordCount - 1)
  setI64(bytes, 27, header.baseTimestamp)
  setI64(bytes, 35, header.maxTimestamp)
  setI64(bytes, 43, -1)
  bytes[51] = 0xff
  bytes[52] = 0xff
  setI32(bytes, 53, -1)
  setI32(bytes, 57, header.recordCount)
  setI32(bytes, 17, crc32c(bytes, crcStart, end))
}

/** Copies a header in front of the same records compressed otherwise, which fill `to`; not their checksum. */
export function repackedHeader(bytes: Uint8Array, at: number, to: Uint8Array, codec: number): void {
  to.set(bytes.subarray(at, at + batchHeaderBytes))
  setI32(to, 8, to.length - lengthOverhead)
  to[22] = (to[22]! & ~compressionMask) | codec
}

/** Makes the checksum of a batch that fills `bytes` right. */
export function sealAgain(bytes: Uint8Array): void {
  setI32(bytes, 17, crc32c(bytes, crcStart, bytes.length))
}

export interface BatchTimes {
  readonly baseTimestamp: number
  readonly maxTimestamp: number
}
