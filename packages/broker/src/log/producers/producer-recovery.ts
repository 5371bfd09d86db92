// Finds out at a start what the producers of a log wrote last. Must never read a log that was closed cleanly.

import { batchHeaderBytes, batchSizeOf, producerIdOf } from '@sluice/protocol/record/record-batch'
import type { File, FileSystem } from '../../io/io.ts'
import { ByteWindow } from '../recovery/byte-window.ts'
import { endOf } from '../segment/segment.ts'
import type { Segment } from '../segment/segment.ts'
import type { ProducerSnapshots } from './producer-snapshots.ts'
import { ProducerTable } from './producer-table.ts'

export interface ProducerRecovery {
  readonly files: FileSystem
  readonly snapshots: ProducerSnapshots
  readonly expirationMs: number
  readonly nowMs: number
  readonly wasClosedCleanly: boolean
}

/** `segments` as they were recovered, the last of them active. */
export async function recoverProducers(
  segments: readonly Segment[],
  { files, snapshots, expirationMs, nowMs, wasClosedCleanly }: ProducerRecovery,
): Promise<ProducerTable> {
  const active = segments[segments.length - 1]
  // Why not where there is damage: the end may be another one than that of the clean end.
  const isEndKnown = wasClosedCleanly && active.ranges.length === 0
  const entries = await snapshots.read(isEndKnown ? active.endOffset : active.baseOffset)
  const table = new ProducerTable(expirationMs, entries)
  if (!isEndKnown && active.sizeBytes > 0) {
    const file = await files.open(active.path, { create: false })
    try {
      await addHeaders(table, active, file, nowMs)
    } finally {
      await file.close()
    }
  }
  await snapshots.clear(new Set(segments.map(({ baseOffset }) => baseOffset)))
  return table
}

/** Walks over the batches of a segment that recovery has checked. */
async function addHeaders(table: ProducerTable, segment: Segment, file: File, nowMs: number): Promise<void> {
  const window = new ByteWindow(file, segment.sizeBytes)
  for (let position = 0; position + batchHeaderBytes <= segment.sizeBytes;) {
    const range = segment.rangeAt(position)
    if (range !== undefined && range.sizeBytes > 0) {
      position = endOf(range)
      continue
    }
    // Why asked first: a wait for each batch would take longer than all the rest.
    if (!window.covers(position, batchHeaderBytes)) await window.cover(position, batchHeaderBytes)
    const at = position - window.start
    if (producerIdOf(window.bytes, at) >= 0) table.appended(window.bytes, at, nowMs, segment.endOffset)
    position += batchSizeOf(window.bytes, at)
  }
}
