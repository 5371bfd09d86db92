// Where in a partition something lies: the first record of a time, the newest one, and the end of what one
// leader wrote. Nothing is kept for it: batches carry their times and epochs, and both are searched for.

import { baseOffsetOf, batchSizeOf, lastOffsetOf, leaderEpochOf } from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { LedPartition } from '../../cluster/partition.ts'
import type { LogSlice } from '../../log/log.ts'
import { readKept } from './kept-records.ts'

export interface FoundRecord {
  readonly offset: number
  readonly timestamp: number
  /** Of the leader that wrote it. */
  readonly leaderEpoch: number
}

export interface EpochEnd {
  /** The largest epoch that is not above the one asked for. */
  readonly epoch: number
  /** Offset after the last record of it. */
  readonly endOffset: number
}

/** The first record that is not older; undefined where there is none. */
export async function recordOfTime(
  partition: LedPartition,
  timeMs: number,
): Promise<FoundRecord | undefined> {
  const offset = await partition.offsetForTime(timeMs)
  if (offset >= partition.highWatermark) return undefined
  const { bytes, start, end } = await readAt(partition, offset)
  if (start === end) return undefined
  const cursor = new RecordCursor()
  cursor.open(bytes, start)
  while (cursor.next()) {
    if (cursor.offset < offset) continue
    return { offset: cursor.offset, timestamp: cursor.timestamp, leaderEpoch: leaderEpochOf(bytes, start) }
  }
  return undefined
}

/** The first of the records with the largest timestamp of all. */
export async function newestRecord(partition: LedPartition): Promise<FoundRecord | undefined> {
  const timeMs = await partition.newestTime()
  return timeMs === undefined ? undefined : recordOfTime(partition, timeMs)
}

/** Of the leader that wrote the first record from `offset` on; the present one where there is none. */
export async function epochAt(partition: LedPartition, offset: number): Promise<number> {
  if (offset >= partition.highWatermark) return partition.leaderEpoch
  const { bytes, start, end } = await readAt(partition, offset)
  return start === end ? partition.leaderEpoch : leaderEpochOf(bytes, start)
}

/**
 * As Kafka answers it: undefined for an epoch that no leader has had yet; for one before all that is kept,
 * that epoch itself, ending where the log starts.
 */
export async function endOfEpoch(partition: LedPartition, epoch: number): Promise<EpochEnd | undefined> {
  if (epoch < 0 || epoch > partition.leaderEpoch) return undefined
  if (epoch === partition.leaderEpoch) return { epoch, endOffset: partition.highWatermark }
  let low = partition.logStart
  let high = partition.highWatermark
  let end = { epoch, endOffset: high }
  // Why so: epochs never fall from one batch to the next.
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2)
    const { bytes, start, end: stop } = await readAt(partition, middle)
    if (start === stop) high = middle
    else if (leaderEpochOf(bytes, start) > epoch) {
      high = Math.min(middle, baseOffsetOf(bytes, start))
      end = { ...end, endOffset: baseOffsetOf(bytes, start) }
    } else {
      low = lastOffsetOf(bytes, start) + 1
      end = { ...end, epoch: leaderEpochOf(bytes, start) }
    }
  }
  return { ...end, endOffset: Math.max(end.endOffset, partition.logStart) }
}

/** The one batch that holds the offset, or the next one. */
async function readAt(partition: LedPartition, offset: number): Promise<LogSlice> {
  const slice = await readKept(partition, offset, (from) => partition.read(from, 1))
  if (slice.start === slice.end) return slice
  return { ...slice, end: slice.start + batchSizeOf(slice.bytes, slice.start) }
}
