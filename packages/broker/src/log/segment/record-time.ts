// Finds the record of a batch that a time asks for; the one place of the log that looks at records.

import { recordCountOf } from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { LogSlice } from '../log-slice.ts'

/**
 * Offset of the first record from `offset` on, of the slice's first batch, that is not older; undefined if
 * its header said too much.
 */
export function timeWithin({ bytes, start }: LogSlice, timeMs: number, offset: number): number | undefined {
  if (recordCountOf(bytes, start) === 0) return undefined
  const cursor = new RecordCursor()
  cursor.open(bytes, start)
  while (cursor.next()) {
    if (cursor.offset >= offset && cursor.timestamp >= timeMs) return cursor.offset
  }
  return undefined
}
