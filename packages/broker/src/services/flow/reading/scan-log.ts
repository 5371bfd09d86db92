// Reads a stretch of a partition's log once from end to end, for those who look at every record of it: where
// a consumer begins, what is drained, which dead letters there are.
// Must never keep others waiting: they have their turn after each piece.

import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { Partition } from '../../../cluster/partition.ts'
import type { Timers } from '../../../io/io.ts'

const pieceBytes = 256 * 1024

export interface ScanContext {
  readonly timers: Timers
  /** Asked after each wait; throws when it is not worth going on. */
  readonly check: () => void
}

export interface Scan {
  /** `[from, end)`; both are within the log. */
  readonly from: number
  readonly end: number
  /** A record on which the cursor stands. Borrowed for the call. */
  readonly visit: (cursor: RecordCursor) => void
  /** After each piece of the log, with the offset up to which all was visited; false ends the scan. */
  readonly pieceDone?: (nextOffset: number) => boolean | Promise<boolean>
}

export async function scanLog(
  partition: Partition,
  { from, end, visit, pieceDone }: Scan,
  { timers, check }: ScanContext,
): Promise<void> {
  const cursor = new RecordCursor()
  let offset = from
  for (;;) {
    // Why each time: retention may take records from the start while we read.
    offset = Math.max(offset, partition.logStart)
    if (offset >= end) return
    const { bytes, start, end: sliceEnd, nextOffset } = await partition.read(offset, pieceBytes)
    check()
    for (let at = start; at < sliceEnd; at += batchSizeOf(bytes, at)) {
      cursor.open(bytes, at)
      while (cursor.next()) if (cursor.offset >= offset && cursor.offset < end) visit(cursor)
    }
    offset = Math.min(Math.max(nextOffset, offset + 1), end)
    if (pieceDone !== undefined && !(await pieceDone(offset))) return
    await new Promise<void>((resolve) => {
      timers.soon(resolve)
    })
    check()
  }
}
