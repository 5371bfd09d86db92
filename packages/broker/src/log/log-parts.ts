// What a log is made of, put together: the recovered segments, the queue that writes, the reader.

import type { Io } from '../io/io.ts'
import { CommitQueue } from './commit/commit-queue.ts'
import type { CommitListener } from './commit/commit-queue.ts'
import { SegmentWriter } from './commit/segment-writer.ts'
import { relativeOffsetMax } from './log-limits.ts'
import type { LogOptions } from './log-options.ts'
import { LogProducers } from './log-producers.ts'
import type { QuarantinedRange } from './quarantined-range.ts'
import { QuarantineStore } from './recovery/quarantine-store.ts'
import { recoverLog } from './recovery/recover-log.ts'
import { SegmentExaminer } from './recovery/segment-examiner.ts'
import type { SegmentBounds } from './removal/retention-plan.ts'
import { IndexFileStore } from './segment/index-files.ts'
import { LogReader } from './segment/log-reader.ts'
import { OpenSegments } from './segment/open-segments.ts'
import { SegmentList } from './segment/segment-list.ts'

export interface LogParts {
  readonly io: Io
  readonly directory: string
  readonly segments: SegmentList
  readonly opened: OpenSegments
  readonly queue: CommitQueue
  /** Of segments, where nothing asks for smaller ones. */
  bounds: SegmentBounds
  readonly reader: LogReader
  readonly examiner: SegmentExaminer
  readonly quarantine: QuarantineStore
  readonly indexFiles: IndexFileStore
  readonly indexIntervalBytes: number
  /** Undefined where the log has no idempotent producers. */
  readonly producers: LogProducers | undefined
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
  const { segments: recovered, active, gaps, logStart, mustRoll } = await recoverLog(directory, recovery)
  const segments = new SegmentList(recovered, logStart)
  const opened = new OpenSegments(files)
  opened.adopt(active)
  const producers = await LogProducers.open(io, directory, options, segments.all)
  const beforeSegment = (baseOffset: number): Promise<void> | undefined => producers?.save(baseOffset)
  const around = { files, directory, durability, indexIntervalBytes, beforeSegment }
  const writing = { ...around, segments, opened, indexFiles }
  const writer = new SegmentWriter(writing, active, await active.opening)
  const bounds = { bytes: options.segmentBytes, ms: options.segmentMs, offsets: relativeOffsetMax }
  const queue = new CommitQueue(
    { writer, clock, logger, bounds, producers: producers?.table },
    listener,
    mustRoll,
  )
  const reader = new LogReader({ segments, opened, examiner, indexIntervalBytes })
  const storing = { examiner, quarantine, indexFiles, indexIntervalBytes }
  return { io, directory, segments, opened, queue, bounds, reader, ...storing, producers, gaps }
}
