// What a log is made of, put together: the recovered segments, the queue that writes, the reader.

import { IoError } from '../io/io.ts'
import type { Io } from '../io/io.ts'
import { CommitQueue } from './commit/commit-queue.ts'
import type { CommitListener } from './commit/commit-queue.ts'
import { SegmentWriter } from './commit/segment-writer.ts'
import type { LogOptions } from './log-options.ts'
import type { QuarantinedRange } from './quarantined-range.ts'
import { writeLogStart } from './recovery/log-start.ts'
import { QuarantineStore } from './recovery/quarantine-store.ts'
import { recoverLog, removeIndexes, removeSegment } from './recovery/recover-log.ts'
import { SegmentExaminer } from './recovery/segment-examiner.ts'
import { IndexFileStore } from './segment/index-files.ts'
import { LogReader } from './segment/log-reader.ts'
import { OpenSegments } from './segment/open-segments.ts'
import { SegmentList } from './segment/segment-list.ts'
import type { Segment } from './segment/segment.ts'

export interface LogParts {
  readonly io: Io
  readonly directory: string
  readonly segments: SegmentList
  readonly opened: OpenSegments
  readonly queue: CommitQueue
  readonly reader: LogReader
  /** What was missing between the segments at the start. */
  gaps: readonly QuarantinedRange[]
}

export async function buildLog(
  io: Io,
  directory: string,
  options: LogOptions,
  listener: CommitListener,
): Promise<LogParts> {
  const { logger, indexIntervalBytes, durability, wasClosedCleanly, isDamageFatal = false } = options
  const { files, clock } = io
  const indexFiles = new IndexFileStore(files, logger)
  const quarantine = new QuarantineStore(files, logger)
  const examiner = new SegmentExaminer({ indexFiles, quarantine, indexIntervalBytes })
  const facts = { indexIntervalBytes, wasClosedCleanly, isDamageFatal }
  const recovery = { files, logger, examiner, quarantine, ...facts }
  const { segments: recovered, active, gaps, mustRoll } = await recoverLog(directory, recovery)
  const segments = new SegmentList(recovered)
  const opened = new OpenSegments(files)
  opened.adopt(active)
  const writing = { files, directory, durability, indexIntervalBytes, segments, opened, indexFiles }
  const writer = new SegmentWriter(writing, active, await active.opening)
  const { segmentBytes, segmentMs } = options
  const queue = new CommitQueue({ writer, clock, logger, segmentBytes, segmentMs }, listener, mustRoll)
  const reader = new LogReader({ segments, opened, examiner, indexIntervalBytes })
  return { io, directory, segments, opened, queue, reader, gaps }
}

/**
 * Invariant: the log start is durable before anything is removed, so what is missing later was dropped, not
 * lost. Where it cannot be written, nothing is dropped.
 */
export async function removeSegments(parts: LogParts, offset: number): Promise<void> {
  const { segments, opened, io, directory } = parts
  const dropped = segments.below(offset)
  if (dropped.length === 0) return
  const logStart = segments.all[dropped.length].startOffset
  await persistLogStart(parts, dropped, logStart)
  segments.drop(dropped)
  parts.gaps = parts.gaps.filter((gap) => gap.nextOffset > logStart)
  for (const segment of dropped) {
    await opened.forget(segment)
    await removeSegment(io.files, directory, segment.baseOffset)
  }
  await io.files.syncDirectory(directory)
}

async function persistLogStart(
  { io, directory }: LogParts,
  dropped: readonly Segment[],
  logStart: number,
): Promise<void> {
  try {
    await writeLogStart(io.files, directory, logStart)
  } catch (error) {
    if (!(error instanceof IoError) || error.kind !== 'full') throw error
    // Why: dropping is how a full disk gets space again. The indexes of what goes can be made anew,
    // if it stays.
    for (const { baseOffset } of dropped) await removeIndexes(io.files, directory, baseOffset)
    await writeLogStart(io.files, directory, logStart)
  }
}
