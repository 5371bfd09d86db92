// What a batch in a segment must look like before anything in it is believed.

import {
  batchHeaderBytes,
  batchSizeOf,
  isChecksumRight,
  lastOffsetDeltaOf,
  lastOffsetOf,
  magicOf,
  recordCountOf,
} from '@sluice/protocol/record/record-batch'
import { batchBytesMax } from '../log-limits.ts'

/** Whether the header at `at`, of which all is there, can be one of ours; its size is then sane. */
export function isHeaderPlausible(bytes: Uint8Array, at: number): boolean {
  if (magicOf(bytes, at) !== 2) return false
  const size = batchSizeOf(bytes, at)
  return (
    size >= batchHeaderBytes &&
    size <= batchBytesMax &&
    lastOffsetDeltaOf(bytes, at) >= 0 &&
    recordCountOf(bytes, at) >= 0
  )
}

/** Whether a whole batch with the right checksum stands at `at`. Its base offset is not covered by it. */
export function isBatchWhole(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < batchHeaderBytes || !isHeaderPlausible(bytes, at)) return false
  return batchSizeOf(bytes, at) <= end - at && isChecksumRight(bytes, at)
}

export function nextOffsetOf(bytes: Uint8Array, at: number): number {
  return lastOffsetOf(bytes, at) + 1
}
