// Looks into a segment when its index or its bytes are in doubt, and keeps what it finds: a new index, and
// the quarantined ranges, named. Used by recovery and by reads; must never change the segment itself.

import { batchHeaderBytes, batchSizeOf, lastOffsetOf } from '@sluice/protocol/record/record-batch'
import type { File } from '../../io/io.ts'
import type { IndexFileStore } from '../segment/index-files.ts'
import type { OpenSegment } from '../segment/open-segments.ts'
import { SegmentIndex } from '../segment/segment-index.ts'
import { endOf } from '../segment/segment.ts'
import type { BadRange, Segment } from '../segment/segment.ts'
import { isBatchWhole, isHeaderPlausible } from '../segment/stored-batch.ts'
import type { QuarantineStore } from './quarantine-store.ts'
import { scanSegment } from './segment-scan.ts'
import type { ScannedTail, ScanResult } from './segment-scan.ts'

export interface ExaminerParts {
  readonly indexFiles: IndexFileStore
  readonly quarantine: QuarantineStore
  readonly indexIntervalBytes: number
}

/** What a scan found, with the index that it built. */
export interface Examination extends ScanResult {
  readonly index: SegmentIndex
}

export class SegmentExaminer {
  readonly #parts: ExaminerParts
  readonly #running = new Map<Segment, Promise<void>>()

  constructor(parts: ExaminerParts) {
    this.#parts = parts
  }

  /** The stored index of a segment that does not grow, where it fits (row O); else a new one (row P). */
  async loadIndex(open: OpenSegment): Promise<SegmentIndex> {
    const { segment } = open
    const columns = await this.#parts.indexFiles.read(segment)
    const last = columns === undefined ? -1 : columns.offsets.length - 1
    if (columns !== undefined && last >= 0) {
      const entry = { position: columns.positions[last], lastOffset: columns.offsets[last] }
      const isWhole = await this.isLastBatch(await open.opening, segment, entry)
      if (isWhole) return new SegmentIndex(this.#parts.indexIntervalBytes, columns)
    }
    await this.examine(open)
    return open.index!
  }

  /**
   * Offset after the segment's last batch as its stored index tells; undefined where that
   * cannot be believed.
   */
  async probeEnd(file: File, segment: Segment): Promise<number | undefined> {
    const entry = await this.#parts.indexFiles.readLastEntry(segment)
    if (entry === undefined || !(await this.isLastBatch(file, segment, entry))) return undefined
    const tail = tailRange(segment)
    return tail === undefined ? entry.lastOffset + 1 : tail.nextOffset
  }

  /** Whether the entry's batch is whole, ends with that offset, and is the last that may be read. */
  async isLastBatch(
    file: File,
    segment: Segment,
    entry: { readonly position: number; readonly lastOffset: number },
  ): Promise<boolean> {
    const size = (tailRange(segment)?.position ?? segment.sizeBytes) - entry.position
    if (size < batchHeaderBytes) return false
    const header = new Uint8Array(batchHeaderBytes)
    if ((await file.read(header, entry.position)) < batchHeaderBytes) return false
    if (!isHeaderPlausible(header, 0) || batchSizeOf(header, 0) !== size) return false
    const bytes = new Uint8Array(size)
    const count = await file.read(bytes, entry.position)
    return isBatchWhole(bytes, 0, count) && lastOffsetOf(bytes, 0) === entry.lastOffset
  }

  /** Scans a segment whose end is known; several who meet the same damage wait for one scan. */
  examine(open: OpenSegment): Promise<void> {
    const running = this.#running.get(open.segment)
    if (running !== undefined) return running
    const begun = this.#examine(open).finally(() => this.#running.delete(open.segment))
    this.#running.set(open.segment, begun)
    return begun
  }

  /** `offsetMax`: no offset of the segment is at or above it. */
  async scan(file: File, segment: Segment, offsetMax: number): Promise<Examination> {
    const index = new SegmentIndex(this.#parts.indexIntervalBytes)
    const { sizeBytes, startOffset } = segment
    const isExact = startOffset === segment.baseOffset
    const result = await scanSegment({ file, sizeBytes, startOffset, isExact, offsetMax, index })
    return { ...result, index }
  }

  /** Sets what is quarantined in the segment; what is new is named. */
  async quarantine(segment: Segment, ranges: readonly BadRange[]): Promise<void> {
    if (JSON.stringify(ranges) === JSON.stringify(segment.ranges)) return
    segment.ranges = ranges
    await this.#parts.quarantine.record(segment)
  }

  /** Resolves when nobody examines it; who has set `isBeingReplaced` is then alone with its files. */
  async examined(segment: Segment): Promise<void> {
    await this.#running.get(segment)?.catch(() => undefined)
  }

  keepIndex(segment: Segment, index: SegmentIndex): Promise<void> {
    return this.#parts.indexFiles.write(segment, index)
  }

  async #examine(open: OpenSegment): Promise<void> {
    const { segment } = open
    const { sizeBytes, endOffset } = segment
    const { index, ranges, tail } = await this.scan(await open.opening, segment, endOffset)
    const found = tail === undefined ? ranges : [...ranges, tailRangeOf(tail, endOffset)]
    if (segment.isBeingReplaced) {
      segment.ranges = found
      open.index = index
      return
    }
    await this.quarantine(segment, found)
    // Why not of a segment that grew meanwhile: its index in memory was made by what was appended,
    // and is whole.
    if (segment.sizeBytes !== sizeBytes || segment.isBeingReplaced) return
    open.index = index
    await this.#parts.indexFiles.write(segment, index)
  }
}

/** The range that reaches to the end of the segment, if there is one. */
function tailRange(segment: Segment): BadRange | undefined {
  const last = segment.ranges.at(-1)
  return last !== undefined && last.sizeBytes > 0 && endOf(last) === segment.sizeBytes ? last : undefined
}

/** Names a tail that is not cut; `nextOffset` is where the log goes on. */
export function tailRangeOf(tail: ScannedTail, nextOffset: number): BadRange {
  const { position, sizeBytes, baseOffset, reason } = tail
  return { position, sizeBytes, baseOffset, nextOffset, reason }
}
