// Takes records out of a batch. What stays has its offset, its timestamp and its bytes: both are told as
// distances from the base of the batch, which does not change. A batch of which nothing stays is a header
// alone, which still says which offsets it stands for. What stays of a compressed batch is kept uncompressed.

import { BrokerError } from '../errors/broker-error.ts'
import {
  baseOffsetOf,
  batchHeaderBytes,
  batchSizeOf,
  hasAppendTime,
  isControlBatch,
  lastOffsetDeltaOf,
  lastOffsetOf,
  leaderEpochOf,
  maxTimestampOf,
  producerIdOf,
  recordCountOf,
  repackedHeader,
  resealBatch,
} from './record-batch.ts'
import { RecordCursor } from './record-cursor.ts'

/** Of a batch without records: older than anything. */
const noTimestamp = -1
const offsetDeltaMax = 2 ** 31 - 1

/** Room for what is thinned, kept for the next: larger batches get their own. */
const scratchBytesMax = 1024 * 1024
let scratch: Uint8Array = new Uint8Array(0)

/** Decides on the record that the cursor stands on; the cursor is borrowed. */
export type KeepRecord = (record: RecordCursor) => boolean

/**
 * The batch without the records that are not kept, or undefined where all of them are. Throws `corrupt-log`
 * for one whose records do not fit it.
 */
export function thinBatch(bytes: Uint8Array, at: number, keep: KeepRecord): Uint8Array | undefined {
  if (isControlBatch(bytes, at)) return undefined
  const cursor = new RecordCursor()
  cursor.open(bytes, at)
  const records = cursor.bytes
  const isCompressed = records !== bytes
  const thinned = scratchOf(isCompressed ? records.length : batchSizeOf(bytes, at))
  let end = batchHeaderBytes
  let recordCount = 0
  let newest = Number.NEGATIVE_INFINITY
  for (let start = cursor.recordEnd; cursor.next(); start = cursor.recordEnd) {
    if (!keep(cursor)) continue
    thinned.set(records.subarray(start, cursor.recordEnd), end)
    end += cursor.recordEnd - start
    recordCount++
    newest = Math.max(newest, cursor.timestamp)
  }
  if (cursor.isDamaged) throw notReadable(bytes, at)
  if (recordCount === recordCountOf(bytes, at)) return undefined
  if (isCompressed) repackedHeader(bytes, at, thinned, 0)
  else thinned.set(bytes.subarray(at, at + batchHeaderBytes))
  const maxTimestamp = hasAppendTime(bytes, at) ? maxTimestampOf(bytes, at) : newest
  resealBatch(thinned, end, {
    lastOffsetDelta: lastOffsetDeltaOf(bytes, at),
    maxTimestamp: recordCount === 0 ? noTimestamp : maxTimestamp,
    recordCount,
  })
  return thinned.slice(0, end)
}

/** With anything in it; the next call may give the same. */
function scratchOf(sizeBytes: number): Uint8Array {
  if (sizeBytes > scratchBytesMax) return new Uint8Array(sizeBytes)
  if (scratch.length < sizeBytes) scratch = new Uint8Array(Math.max(sizeBytes, 2 * scratch.length))
  return scratch
}

/** Whether the batch is a header that says nothing but which offsets are gone. */
export function isBatchEmpty(bytes: Uint8Array, at: number): boolean {
  return recordCountOf(bytes, at) === 0 && producerIdOf(bytes, at) < 0 && !isControlBatch(bytes, at)
}

/** One empty batch for two that follow each other, or undefined where they have to stay apart. */
export function joinEmptyBatches(first: Uint8Array, second: Uint8Array): Uint8Array | undefined {
  const lastOffsetDelta = lastOffsetOf(second, 0) - baseOffsetOf(first, 0)
  const areAlike = leaderEpochOf(first, 0) === leaderEpochOf(second, 0)
  const doFollow = lastOffsetOf(first, 0) + 1 === baseOffsetOf(second, 0)
  if (!areAlike || !doFollow || lastOffsetDelta > offsetDeltaMax) return undefined
  const joined = first.slice(0, batchHeaderBytes)
  resealBatch(joined, batchHeaderBytes, { lastOffsetDelta, maxTimestamp: noTimestamp, recordCount: 0 })
  return joined
}

function notReadable(bytes: Uint8Array, at: number): BrokerError {
  const text = `The records of the batch at offset ${baseOffsetOf(bytes, at)} do not fit it`
  return new BrokerError('corrupt-log', text)
}
