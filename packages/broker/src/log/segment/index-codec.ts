// The two index files of a segment, as Kafka's: entries back to back, big endian, no header, no checksum.
//
//   .index      0  relativeOffset  i32   last offset of the batch, less the segment's base offset
//               4  position        i32   of the batch in the .log
//   .timeindex  0  timestamp       i64   largest one up to the entry
//               8  relativeOffset  i32   last offset of the first batch that has it, less the base offset
//
// Here both files have the same count of entries and the last entry is of the segment's last batch; what is
// torn, truncated or stale fails one of the two and is made anew from the segment.

import { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { emptyColumns } from './segment-index.ts'
import type { IndexColumns } from './segment-index.ts'

const entryBytes = 8
const timeEntryBytes = 12

export interface IndexFiles {
  readonly index: Uint8Array
  readonly timeIndex: Uint8Array
}

export function encodeIndex(columns: IndexColumns, baseOffset: number): IndexFiles {
  const { offsets, positions, times, timeOffsets } = columns
  const index = new ByteWriter(offsets.length * entryBytes)
  const timeIndex = new ByteWriter(offsets.length * timeEntryBytes)
  for (let entry = 0; entry < offsets.length; entry++) {
    index.u32(offsets[entry] - baseOffset)
    index.u32(positions[entry])
    timeIndex.i64(times[entry])
    timeIndex.u32(timeOffsets[entry] - baseOffset)
  }
  return { index: index.take(), timeIndex: timeIndex.take() }
}

/** Undefined where the files cannot be an index of a segment of that size. */
export function decodeIndex(
  files: IndexFiles,
  baseOffset: number,
  segmentBytes: number,
): IndexColumns | undefined {
  const count = files.index.length / entryBytes
  if (!Number.isInteger(count) || files.timeIndex.length !== count * timeEntryBytes) return undefined
  const columns = emptyColumns()
  const index = new ByteReader(files.index)
  const timeIndex = new ByteReader(files.timeIndex)
  for (let entry = 0; entry < count; entry++) {
    columns.offsets.push(baseOffset + index.u32())
    columns.positions.push(index.u32())
    columns.times.push(safeTime(timeIndex))
    columns.timeOffsets.push(baseOffset + timeIndex.u32())
    if (!isInOrder(columns, entry) || columns.positions[entry] >= segmentBytes) return undefined
  }
  return columns
}

/** Position and last offset of the last entry: all that is needed to find the end of a segment. */
export function decodeLastEntry(
  bytes: Uint8Array,
  baseOffset: number,
): { position: number; lastOffset: number } {
  const reader = new ByteReader(bytes)
  return { lastOffset: baseOffset + reader.u32(), position: reader.u32() }
}

export const indexEntryBytes: number = entryBytes

/** NaN, which is in no order, for what no index of ours holds. */
function safeTime(reader: ByteReader): number {
  const high = reader.u32() | 0
  const value = high * 0x1_0000_0000 + reader.u32()
  return Number.isSafeInteger(value) ? value : Number.NaN
}

function isInOrder(columns: IndexColumns, entry: number): boolean {
  const { offsets, positions, times, timeOffsets } = columns
  if (Number.isNaN(times[entry]) || timeOffsets[entry] > offsets[entry]) return false
  if (entry === 0) return true
  return (
    offsets[entry] > offsets[entry - 1] &&
    positions[entry] > positions[entry - 1] &&
    times[entry] >= times[entry - 1] &&
    timeOffsets[entry] >= timeOffsets[entry - 1]
  )
}
