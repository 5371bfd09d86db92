// Entries of the progress journal. Key: consumer id u32 · partition u32. Value: one kind byte, then
//
//   1 settled   count varint · { gap to the range before varint · length varint }*     offsets, rising
//   2 retry     offset varint · failures varint · dueWallMs varint · waitMs varint ·
//               verdict u8 (0 none, 1 rejected, 2 max-deliver, 3 blocked) · text string16
//   3 floor     floor varint                  everything below is settled
//   4 cut       end varint                    everything at and above is forgotten
//
// A null value forgets the consumer's partition. Replaying an entry twice changes nothing, so that a
// compaction may write the whole state again behind what is there.

import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { RetryTable } from '../state/retry-table.ts'
import type { Retry, Verdict } from '../state/retry-table.ts'
import { SettledSet } from '../state/settled-set.ts'

const kinds = { settled: 1, retry: 2, floor: 3, cut: 4 } as const
const verdictReasons = [undefined, 'rejected', 'max-deliver', 'blocked'] as const

/** What is known of one partition of one consumer. */
export class ProgressImage {
  readonly settled = new SettledSet()
  readonly retries = new RetryTable()
}

/** The writer is reused: copy what `encode…` returns before the next call. */
const writer = new ByteWriter(4096)

export function encodeKey(consumerId: number, partition: number): Uint8Array {
  const key = new ByteWriter(8)
  key.u32(consumerId)
  key.u32(partition)
  return key.take()
}

export function decodeKey(key: Uint8Array): { consumerId: number; partition: number } {
  const reader = new ByteReader(key)
  return { consumerId: reader.u32(), partition: reader.u32() }
}

/** Ranges `[start, end)`, flat in one array, rising. */
export function encodeSettled(ranges: readonly number[]): Uint8Array {
  begin(kinds.settled)
  writer.varint(ranges.length / 2)
  let before = 0
  for (let index = 0; index < ranges.length; index += 2) {
    writer.varint(ranges[index]! - before)
    writer.varint(ranges[index + 1]! - ranges[index]!)
    before = ranges[index + 1]!
  }
  return written()
}

export function encodeRetry(offset: number, retry: Retry): Uint8Array {
  begin(kinds.retry)
  writer.varint(offset)
  writer.varint(retry.failures)
  writer.varint(Math.ceil(retry.dueWallMs))
  writer.varint(Math.ceil(retry.waitMs))
  writer.u8(verdictReasons.indexOf(retry.verdict?.reason))
  writer.string16(retry.verdict?.text ?? '')
  return written()
}

export function encodeFloor(floor: number): Uint8Array {
  begin(kinds.floor)
  writer.varint(floor)
  return written()
}

export function encodeCut(end: number): Uint8Array {
  begin(kinds.cut)
  writer.varint(end)
  return written()
}

/** Applies one value to what was known before it. */
export function applyEntry(image: ProgressImage, value: Uint8Array): void {
  const reader = new ByteReader(value)
  const kind = reader.u8()
  switch (kind) {
    case kinds.settled:
      return applySettled(image, reader)
    case kinds.retry:
      return applyRetry(image, reader)
    case kinds.floor:
      return raiseFloor(image, reader.varint())
    case kinds.cut:
      return cutImage(image, reader.varint())
    default:
      throw new BrokerError('corrupt-log', `The progress journal has an entry of unknown kind ${kind}`)
  }
}

/** Forgets what a log no longer has. */
export function cutImage(image: ProgressImage, end: number): void {
  image.settled.truncate(end)
  image.retries.truncate(end)
}

function raiseFloor(image: ProgressImage, floor: number): void {
  image.settled.addRange(0, floor)
  image.retries.removeRange(0, floor)
}

function applySettled(image: ProgressImage, reader: ByteReader): void {
  const count = reader.varint()
  let at = 0
  for (let index = 0; index < count; index++) {
    const start = at + reader.varint()
    at = start + reader.varint()
    image.settled.addRange(start, at)
    image.retries.removeRange(start, at)
  }
}

function applyRetry(image: ProgressImage, reader: ByteReader): void {
  const offset = reader.varint()
  const failures = reader.varint()
  const dueWallMs = reader.varint()
  const waitMs = reader.varint()
  const reason = verdictReasons[reader.u8()]
  const text = reader.string16()
  if (image.settled.has(offset)) return
  const verdict: Verdict | undefined = reason === undefined ? undefined : { reason, text }
  image.retries.set(offset, { failures, dueWallMs, waitMs, ...(verdict === undefined ? {} : { verdict }) })
}

function begin(kind: number): void {
  writer.position = 0
  writer.u8(kind)
}

function written(): Uint8Array {
  return writer.bytes.subarray(0, writer.position)
}
