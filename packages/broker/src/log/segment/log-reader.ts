// Reads whole, verified batches from the segments of a log: by offset, and by time.
// Damage that it meets is scanned for once, named, and skipped from then on; it must never pass a batch whose
// checksum this process has not seen to be right.

import { baseOffsetOf, lastOffsetOf, maxTimestampOf } from '@sluice/protocol/record/record-batch'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { emptySlice } from '../log-slice.ts'
import type { LogSlice } from '../log-slice.ts'
import type { SegmentExaminer } from '../recovery/segment-examiner.ts'
import { BatchWalk } from './batch-walk.ts'
import type { WalkGoal } from './batch-walk.ts'
import type { OpenSegment, OpenSegments } from './open-segments.ts'
import { ReadBuffers } from './read-buffers.ts'
import { indexedTime } from './segment-index.ts'
import type { SegmentList } from './segment-list.ts'
import { endOf } from './segment.ts'
import type { Segment } from './segment.ts'

export interface LogReaderParts {
  readonly segments: SegmentList
  readonly opened: OpenSegments
  readonly examiner: SegmentExaminer
  readonly indexIntervalBytes: number
}

/** Where in a segment to begin; see `BatchWalk` for the two offsets. */
interface Start {
  position: number
  expected: number
  expectedLast: number
}

const anyTime = Number.NEGATIVE_INFINITY
/** A read of less costs as much: searching goes in pieces of this size. */
const readBytesMin = 16 * 1024
/** Of all logs of this thread, since most of them are idle. */
const lentBuffers = new ReadBuffers()

interface ReadGoal extends WalkGoal {
  /** Whoever asks says when it is done with the bytes. */
  readonly isLent?: boolean
  /** Checksums that were right before are not looked at again. */
  readonly isTrusting?: boolean
}

export class LogReader {
  readonly #parts: LogReaderParts

  constructor(parts: LogReaderParts) {
    this.#parts = parts
  }

  /** See `Log.read`; the offset is within the log. */
  read(offset: number, bytesMax: number): Promise<LogSlice> {
    return this.#readFrom(this.#parts.segments.find(offset), { offset, bytesMax, timeMs: anyTime })
  }

  /** See `Log.lend`; the offset is within the log. */
  lend(offset: number, bytesMax: number, isTrusting: boolean): Promise<LogSlice> {
    const goal = { offset, bytesMax, timeMs: anyTime, isLent: true, isTrusting }
    return this.#readFrom(this.#parts.segments.find(offset), goal)
  }

  /** The first batch whose largest timestamp is not below the time, alone; empty where there is none. */
  async readFromTime(timeMs: number, offset: number): Promise<LogSlice> {
    const { segments } = this.#parts
    for (
      let segment: Segment | undefined = segments.find(offset);
      segment;
      segment = segments.after(segment)
    ) {
      // Why in one: another file may take the place of the segment's, and what was found in it would not fit.
      const slice = await this.#using(segment, async (open) => {
        const start = await this.#timeStart(open, timeMs)
        if (start === undefined) return undefined
        return this.#readHeld(open, { offset: Math.max(start, offset), timeMs, bytesMax: 0 })
      })
      if (slice !== undefined) return slice
    }
    return emptySlice(segments.active.endOffset)
  }

  /** The largest timestamp of the segment's batches, or undefined where none can be read. */
  newestTime(segment: Segment): Promise<number | undefined> {
    return this.#using(segment, async (open) => {
      for (const mayRepair of [true, false]) {
        const { maxTimestamp: timestamp, maxTimestampOffset: offset } = open.index!
        if (offset < 0) return undefined
        if (await this.#isTimeAt(open, { timestamp, offset })) return timestamp
        if (mayRepair) await this.#parts.examiner.examine(open)
      }
      return undefined
    })
  }

  async #readFrom(first: Segment, goal: ReadGoal): Promise<LogSlice> {
    const { segments } = this.#parts
    let end = goal.offset
    for (let segment: Segment | undefined = first; segment !== undefined; segment = segments.after(segment)) {
      const slice = await this.#using(segment, (open) => this.#readHeld(open, goal))
      if (slice !== undefined) return slice
      end = Math.max(end, segment.endOffset)
    }
    return emptySlice(end)
  }

  /** The action has the file open, and its index in memory. */
  async #using<T>(segment: Segment, action: (open: OpenSegment) => Promise<T>): Promise<T> {
    const { opened, examiner } = this.#parts
    const open = await opened.acquire(segment)
    try {
      open.index ??= await examiner.loadIndex(open)
      return await action(open)
    } finally {
      await opened.release(open)
    }
  }

  /** Undefined where nothing in this segment answers. */
  async #readHeld(open: OpenSegment, goal: ReadGoal): Promise<LogSlice | undefined> {
    const slice = await this.#readOpen(open, goal)
    if (slice !== 'damaged') return slice
    await this.#parts.examiner.examine(open)
    const again = await this.#readOpen(open, goal)
    if (again !== 'damaged') return again
    throw new BrokerError(
      'corrupt-log',
      `${open.segment.path} reads differently each time, near offset ${goal.offset}`,
    )
  }

  /** Goes over the runs of batches between quarantined ranges. */
  async #readOpen(open: OpenSegment, goal: ReadGoal): Promise<LogSlice | undefined | 'damaged'> {
    const { segment } = open
    const place = open.index!.placeOf(goal.offset)
    const start: Start = { position: place.position, expected: -1, expectedLast: place.lastOffset }
    if (place.lastOffset < 0) start.expected = segment.startOffset
    for (;;) {
      this.#skipRanges(segment, start)
      const limit = segment.limitAfter(start.position)
      if (start.position >= limit) return undefined
      const result = await this.#readRun(open, goal, start, limit)
      if (result !== undefined) return result
      start.position = limit
    }
  }

  /** Moves beyond quarantined ranges that begin or lie at the start. */
  #skipRanges(segment: Segment, start: Start): void {
    for (const range of segment.ranges) {
      if (range.position > start.position) return
      if (range.position < start.position && endOf(range) <= start.position) continue
      start.position = endOf(range)
      start.expected = range.nextOffset
    }
  }

  async #readRun(
    open: OpenSegment,
    goal: ReadGoal,
    start: Start,
    limit: number,
  ): Promise<LogSlice | undefined | 'damaged'> {
    const walk = new BatchWalk(goal, start.expected, start.expectedLast)
    let position = start.position
    let size = Math.max(goal.bytesMax, readBytesMin) + this.#parts.indexIntervalBytes
    for (;;) {
      size = Math.min(size, limit - position)
      const { bytes, release } = lentBuffers.lease(size, goal.isLent === true)
      const file = await open.opening
      const count = await file.read(bytes, position)
      const { segment } = open
      // Why not of a direct file: what was right before says nothing of what the disk gives now.
      if (goal.isTrusting === true && file.isDirect !== true)
        walk.trust(segment.checkedStart - position, segment.checkedEnd - position)
      const verdict = walk.step(bytes, count, position + count >= limit || count < size)
      if (verdict === 'damaged') segment.forgetChecked()
      else segment.noteChecked(position, position + walk.at)
      if (verdict === 'done' && walk.start >= 0)
        return { ...this.#sliceOf(segment, walk, bytes, position), release }
      release?.()
      if (verdict !== 'more') return verdict === 'done' ? undefined : verdict
      position += walk.at
      size = Math.max(walk.needed, goal.bytesMax, readBytesMin)
      walk.at = 0
    }
  }

  #sliceOf(segment: Segment, walk: BatchWalk, bytes: Uint8Array, position: number): LogSlice {
    const after: Start = { position: position + walk.at, expected: walk.expected, expectedLast: -1 }
    this.#skipRanges(segment, after)
    let nextOffset = after.expected
    if (after.position >= segment.sizeBytes) {
      nextOffset = Math.max(nextOffset, this.#parts.segments.after(segment)?.startOffset ?? 0)
    }
    return { bytes, start: walk.start, end: walk.at, nextOffset }
  }

  /** The offset from which on the segment may hold the time, or undefined where all of it is older. */
  async #timeStart(open: OpenSegment, timeMs: number): Promise<number | undefined> {
    const { segment } = open
    for (const mayRepair of [true, false]) {
      const index = open.index!
      const found = index.timeBefore(timeMs)
      const isTrue = found === undefined || (await this.#isTimeAt(open, found))
      const max = { timestamp: index.maxTimestamp, offset: index.maxTimestampOffset }
      if (isTrue && max.timestamp >= timeMs)
        return found === undefined ? segment.startOffset : found.lastOffset + 1
      if (isTrue && (max.offset < 0 || (await this.#isTimeAt(open, max)))) return undefined
      if (mayRepair) await this.#parts.examiner.examine(open)
    }
    return segment.startOffset
  }

  /** Whether the batch that ends with the offset has that largest timestamp, or is known to be damaged. */
  async #isTimeAt(open: OpenSegment, found: { timestamp: number; offset: number }): Promise<boolean> {
    const goal = { offset: found.offset, timeMs: anyTime, bytesMax: 0 }
    const slice = await this.#readOpen(open, goal)
    if (slice === undefined || slice === 'damaged') return false
    return isTimeOf(slice, found) || baseOffsetOf(slice.bytes, slice.start) > found.offset
  }
}

function isTimeOf({ bytes, start }: LogSlice, found: { timestamp: number; offset: number }): boolean {
  return (
    lastOffsetOf(bytes, start) === found.offset &&
    indexedTime(maxTimestampOf(bytes, start)) === found.timestamp
  )
}
