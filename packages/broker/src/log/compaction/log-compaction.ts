// Keeps the newest record of each key of a log: walks over what was not compacted yet to learn the newest
// offset of each key, then writes segments anew without older ones, then merges small ones. What does not fit
// into the memory that it is given is done in several passes. Works in slices, with the others' turn between,
// and changes one segment at a time, so that purges and deletions come in between. A crash leaves every
// segment as it was or as it is to be; the marks tell up to where all of them are (compaction-plan.ts).
//
// Must never touch the active segment, nor take a record for older than one that it has not seen itself.

import {
  baseTimestampOf,
  batchSizeOf,
  hasAppendTime,
  isControlBatch,
  maxTimestampOf,
  recordCountOf,
} from '@sluice/protocol/record/record-batch'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { Logger } from '../../base/logger.ts'
import { relativeOffsetMax } from '../log-limits.ts'
import type { LogParts } from '../log-parts.ts'
import type { LogSlice } from '../log-slice.ts'
import type { LogRemoval } from '../removal/log-removal.ts'
import { othersTurn } from '../removal/turn.ts'
import type { Segment } from '../segment/segment.ts'
import { firstDirty, isLate, marksAfter, marksWithout, planCompaction } from './compaction-plan.ts'
import type { ClosedSegment, CompactionMark, CompactionPlan, CompactionSettings } from './compaction-plan.ts'
import { readMarks, writeMarks } from './compaction-store.ts'
import { NewestChoice } from './newest-choice.ts'
import type { NewestOffsets } from './newest-choice.ts'
import type { OffsetMap } from './offset-map.ts'

const sliceBytes = 256 * 1024
/** Merged at a time: their files are open together. */
const mergedMax = 64
/** Of a mark below which something could not be compacted: its tombstones are needed for as long. */
const neverMs = Number.MAX_SAFE_INTEGER

export interface CompactionRun {
  readonly settings: CompactionSettings
  readonly wallMs: number
  readonly logger: Logger
  /** Memory for so many keys at most, or less. */
  readonly mapFor: (keys: number) => OffsetMap
  /** Asked between slices. */
  readonly isStopped: () => boolean
}

export class LogCompaction {
  readonly #parts: LogParts
  readonly #removal: LogRemoval
  /** Undefined until they were read. */
  #marks: readonly CompactionMark[] | undefined
  readonly #newest = new WeakMap<Segment, number>()

  constructor(parts: LogParts, removal: LogRemoval) {
    this.#parts = parts
    this.#removal = removal
  }

  /** See `Log.compact`. */
  async run(run: CompactionRun): Promise<boolean> {
    const { io, directory } = this.#parts
    this.#marks ??= await readMarks(io.files, directory)
    await this.#closeActive(run)
    const segments = await this.#closedSegments(run)
    const plan = planCompaction(segments, this.#marks, run.settings, run.wallMs)
    if (plan === undefined) return false
    if (plan.from === plan.end) await this.#dropTombstones(run, plan)
    for (let from = plan.from; from < plan.end;) from = await this.#pass(run, plan, from)
    await this.#mergeBelow(run, plan.end)
    return true
  }

  /** What has to be compacted by now must not wait for the next append to end its segment. */
  async #closeActive({ settings, wallMs }: CompactionRun): Promise<void> {
    const { segments, queue } = this.#parts
    if (settings.maxCompactionLagMs === 0 || segments.active.sizeBytes === 0) return
    if (!isLate(await this.#oldestTime(segments.active), settings, wallMs)) return
    await queue.beginSegment()
    await queue.sealed()
  }

  async #closedSegments(run: CompactionRun): Promise<ClosedSegment[]> {
    const { segments } = this.#parts
    const { minCompactionLagMs, maxCompactionLagMs } = run.settings
    const dirtyFrom = firstDirty(this.#marks!)
    const closed: ClosedSegment[] = []
    for (const segment of segments.all.slice(0, -1)) {
      this.#checkRunning(run)
      const { endOffset, sizeBytes } = segment
      const startOffset = Math.max(segment.startOffset, segments.logStart)
      const isDirty = endOffset > dirtyFrom
      const newestMs = isDirty && minCompactionLagMs > 0 ? await this.#newestTime(segment) : undefined
      const oldestMs = isDirty && maxCompactionLagMs > 0 ? await this.#oldestTime(segment) : undefined
      closed.push({ startOffset, endOffset, sizeBytes, oldestMs, newestMs })
    }
    return closed
  }

  async #newestTime(segment: Segment): Promise<number | undefined> {
    const known = this.#newest.get(segment)
    if (known !== undefined) return known
    const newestMs = await this.#parts.reader.newestTime(segment)
    if (newestMs !== undefined) this.#newest.set(segment, newestMs)
    return newestMs
  }

  /** Of the first batch that has records. */
  async #oldestTime({ startOffset }: Segment): Promise<number | undefined> {
    const { bytes, start, end } = await this.#parts.reader.read(startOffset, 0)
    for (let at = start; at < end; at += batchSizeOf(bytes, at)) {
      if (recordCountOf(bytes, at) === 0) continue
      return hasAppendTime(bytes, at) ? maxTimestampOf(bytes, at) : baseTimestampOf(bytes, at)
    }
    return undefined
  }

  /** Everything from `from` on that fits into memory; resolves with the offset of what does not. */
  async #pass(run: CompactionRun, plan: CompactionPlan, from: number): Promise<number> {
    const map = run.mapFor(plan.end - from)
    const end = await this.#learn(run, map, from, plan.end)
    const { tombstonesBelow } = plan
    const cleaned = await this.#clean(run, { map, end, tombstonesBelow, countedFrom: from })
    const atMs = cleaned.isWhole ? run.wallMs : neverMs
    const mark = { below: end, atMs, tombstones: cleaned.tombstones }
    await this.#keepMarks(marksAfter(this.#marks!, mark, tombstonesBelow))
    return end
  }

  async #dropTombstones(run: CompactionRun, { from, tombstonesBelow }: CompactionPlan): Promise<void> {
    const newest = { map: run.mapFor(0), end: tombstonesBelow, tombstonesBelow, countedFrom: from }
    await this.#clean(run, newest)
    await this.#keepMarks(marksWithout(this.#marks!, tombstonesBelow))
  }

  async #keepMarks(marks: readonly CompactionMark[]): Promise<void> {
    await writeMarks(this.#parts.io.files, this.#parts.directory, marks)
    this.#marks = marks
  }

  /** Fills the map; resolves with the offset of the first record whose key has no room, or with `end`. */
  async #learn(run: CompactionRun, map: OffsetMap, from: number, end: number): Promise<number> {
    const { reader, segments } = this.#parts
    const cursor = new RecordCursor()
    for (let offset = from; offset < end;) {
      const start = Math.max(offset, segments.logStart)
      if (start >= end) break
      const slice = await reader.lend(start, sliceBytes, false)
      if (slice.start === slice.end) break
      const full = learnSlice(slice, { from: start, end }, map, cursor)
      slice.release?.()
      if (full !== undefined) return full
      offset = slice.nextOffset
      await this.#pause(run)
    }
    return end
  }

  /** Takes older records out of all segments below the end. `isWhole`: none had to be left as it is. */
  async #clean(run: CompactionRun, newest: NewestOffsets): Promise<{ tombstones: number; isWhole: boolean }> {
    const { segments } = this.#parts
    let tombstones = 0
    let isWhole = true
    for (let offset = segments.logStart; offset < newest.end;) {
      const segment = segments.find(offset)
      if (segment === segments.active) break
      try {
        tombstones += await this.#cleanSegment(run, segment, newest)
      } catch (error) {
        if (!(error instanceof BrokerError) || error.code !== 'corrupt-log') throw error
        isWhole = false
        run.logger.warn({ error, file: segment.path }, 'a segment cannot be compacted; it stays as it is')
      }
      offset = Math.max(segment.endOffset, offset + 1)
    }
    return { tombstones, isWhole }
  }

  /** Resolves with how many tombstones stay. */
  async #cleanSegment(run: CompactionRun, segment: Segment, newest: NewestOffsets): Promise<number> {
    const seen = await this.#look(run, segment, new NewestChoice(newest))
    if (seen.dropped.length === 0) return seen.tombstones
    const choice = new NewestChoice(newest)
    await this.#removal.rewrite(segment, choice, () => choice.dropped)
    return choice.tombstones
  }

  /** Asks the choice of each record until one goes: a segment that keeps all of them is not written anew. */
  async #look(run: CompactionRun, segment: Segment, choice: NewestChoice): Promise<NewestChoice> {
    const { reader, segments } = this.#parts
    const cursor = new RecordCursor()
    for (let offset = Math.max(segment.startOffset, segments.logStart); offset < segment.endOffset;) {
      const slice = await reader.lend(offset, sliceBytes, false)
      const isOver = slice.start === slice.end || askSlice(slice, segment.endOffset, choice, cursor)
      slice.release?.()
      if (isOver) break
      offset = Math.max(slice.nextOffset, offset + 1)
      await this.#pause(run)
    }
    return choice
  }

  async #mergeBelow(run: CompactionRun, end: number): Promise<void> {
    const { segments, bounds } = this.#parts
    const below = segments.all.slice(0, -1).filter(({ endOffset }) => endOffset <= end)
    for (const group of groupsOf(below, bounds.bytes)) {
      this.#checkRunning(run)
      await this.#removal.merge(group)
    }
  }

  async #pause(run: CompactionRun): Promise<void> {
    await othersTurn(this.#parts.io.timers)
    this.#checkRunning(run)
  }

  #checkRunning(run: CompactionRun): void {
    if (run.isStopped()) throw new BrokerError('stopping', `The log in ${this.#parts.directory} is closed`)
  }
}

/** Returns the offset of the first record whose key has no room. */
function learnSlice(
  { bytes, start, end: sliceEnd }: LogSlice,
  { from, end }: { readonly from: number; readonly end: number },
  map: OffsetMap,
  cursor: RecordCursor,
): number | undefined {
  for (let at = start; at < sliceEnd; at += batchSizeOf(bytes, at)) {
    if (isControlBatch(bytes, at)) continue
    for (cursor.open(bytes, at); cursor.next();) {
      const { offset, keyStart, keyEnd } = cursor
      if (offset < from || offset >= end || keyEnd < 0) continue
      if (!map.set(cursor.bytes, keyStart, keyEnd, offset)) return offset
    }
  }
  return undefined
}

/** Returns whether a record goes. */
function askSlice(
  { bytes, start, end: sliceEnd }: LogSlice,
  endOffset: number,
  choice: NewestChoice,
  cursor: RecordCursor,
): boolean {
  for (let at = start; at < sliceEnd; at += batchSizeOf(bytes, at)) {
    if (isControlBatch(bytes, at)) continue
    cursor.open(bytes, at)
    while (cursor.next()) {
      if (cursor.offset >= endOffset) return false
      if (!choice.keep(cursor)) return true
    }
    if (cursor.isDamaged) throw new BrokerError('corrupt-log', 'A batch cannot be taken apart')
  }
  return false
}

/** Segments that follow each other and are together no larger than one is to be. */
function groupsOf(segments: readonly Segment[], bytesMax: number): Segment[][] {
  const groups: Segment[][] = []
  let group: Segment[] = []
  let sizeBytes = 0
  for (const segment of segments) {
    const isWhole = segment.ranges.length === 0 && segment.startOffset === segment.baseOffset
    const fits =
      isWhole &&
      sizeBytes + segment.sizeBytes <= bytesMax &&
      group.length < mergedMax &&
      follows(group.at(-1), segment) &&
      segment.endOffset - (group[0] ?? segment).baseOffset <= relativeOffsetMax
    if (!fits) {
      if (group.length > 1) groups.push(group)
      group = []
      sizeBytes = 0
    }
    if (!isWhole) continue
    group.push(segment)
    sizeBytes += segment.sizeBytes
  }
  if (group.length > 1) groups.push(group)
  return groups
}

function follows(before: Segment | undefined, segment: Segment): boolean {
  return before === undefined || before.endOffset === segment.baseOffset
}
