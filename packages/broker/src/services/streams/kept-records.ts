// What of a log is still there to be read, where records were removed from it: its start may lie within a
// batch, its last offsets may have no record, and both may change while a read is under way.

import { baseOffsetOf, batchSizeOf, recordCountOf } from '@sluice/protocol/record/record-batch'
import { thinBatch } from '@sluice/protocol/record/record-batch-thinning'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { Partition } from '../../cluster/partition.ts'
import type { LogSlice } from '../../log/log.ts'

/** Reads from the log start on, where a removal moves it beyond the offset meanwhile. */
export async function readKept(
  partition: Partition,
  offset: number,
  read: (from: number) => Promise<LogSlice>,
): Promise<LogSlice> {
  for (;;) {
    const from = Math.max(offset, partition.logStart)
    try {
      return await read(from)
    } catch (error) {
      if (from >= partition.logStart) throw error
    }
  }
}

/**
 * The slices without the records of the first batch that lie below the log start: they were purged, and only
 * their bytes are still there.
 */
export function withoutPurged(slices: readonly LogSlice[], logStart: number): readonly LogSlice[] {
  const [first, ...others] = slices
  if (first === undefined || first.start === first.end) return slices
  const { bytes, start, end, nextOffset, release } = first
  if (baseOffsetOf(bytes, start) >= logStart) return slices
  const thinned = thinBatch(bytes, start, ({ offset }) => offset >= logStart)
  if (thinned === undefined) return slices
  const rest = start + batchSizeOf(bytes, start)
  const kept = { bytes: thinned, start: 0, end: thinned.length, nextOffset }
  if (rest < end) return [kept, { ...first, start: rest }, ...others]
  release?.()
  return [kept, ...others]
}

/** Offset of the newest record; the log start where there is none. */
export async function lastKept(partition: Partition): Promise<number> {
  let offset = partition.highWatermark - 1
  while (offset >= partition.logStart) {
    const at = offset
    const { bytes, start, end } = await readKept(partition, at, (from) => partition.read(from, 1))
    // Why not searched further: behind damage nobody knows what the last record was.
    if (start === end || baseOffsetOf(bytes, start) > at) return at
    const last = lastOf(bytes, start, partition.logStart)
    if (last !== undefined) return last
    offset = baseOffsetOf(bytes, start) - 1
  }
  return partition.logStart
}

function lastOf(bytes: Uint8Array, at: number, logStart: number): number | undefined {
  if (recordCountOf(bytes, at) === 0) return undefined
  const cursor = new RecordCursor()
  let last: number | undefined
  for (cursor.open(bytes, at); cursor.next();) if (cursor.offset >= logStart) last = cursor.offset
  return last
}
