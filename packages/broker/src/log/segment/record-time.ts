// Finds the record of a batch that a time asks for; the one place of the log that looks at records.

import { attributesOf, baseOffsetOf, compressionOf } from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { LogSlice } from '../log-slice.ts'

/** All records of the batch have its largest timestamp: that of the broker. */
const logAppendTimeBit = 0x08

/**
 * Offset of the first record of the slice's first batch that is not older; undefined if its header
 * said too much.
 */
export function timeWithin({ bytes, start }: LogSlice, timeMs: number): number | undefined {
  const isOpaque = compressionOf(bytes, start) !== 0 || (attributesOf(bytes, start) & logAppendTimeBit) !== 0
  if (isOpaque) return baseOffsetOf(bytes, start)
  const cursor = new RecordCursor()
  cursor.open(bytes, start)
  while (cursor.next()) if (cursor.timestamp >= timeMs) return cursor.offset
  return undefined
}
