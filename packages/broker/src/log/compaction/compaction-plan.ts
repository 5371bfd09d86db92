// What of a log is to be compacted, and when; and when records without a value have stood long enough. Pure.
//
//   log start          clean                dirty               too young        active
//      |-------------------------------|-----------------|--------------------|---------|
//                              below of the last mark   end
//
// Each time that everything below an offset was compacted leaves a mark. From then on all older records of
// the keys below it are gone, and `deleteRetentionMs` later records without a value below it go, too.

/** How a log is to be compacted. */
export interface CompactionSettings {
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  /** 0: no limit. */
  readonly maxCompactionLagMs: number
  readonly deleteRetentionMs: number
}

export interface CompactionMark {
  /** Every key has at most one record below it. */
  readonly below: number
  /** When that was so first, by the wall clock. */
  readonly atMs: number
  /** Records without a value that were kept between the mark before and this one. */
  readonly tombstones: number
}

/** A segment that does not grow any more. */
export interface ClosedSegment {
  readonly startOffset: number
  readonly endOffset: number
  readonly sizeBytes: number
  /** Undefined where nobody needs it, or it is not known. */
  readonly oldestMs: number | undefined
  readonly newestMs: number | undefined
}

export interface CompactionPlan {
  /** Keys of `[from, end)` may have older records; both are the same where only tombstones go. */
  readonly from: number
  readonly end: number
  /** Records without a value below this offset go. */
  readonly tombstonesBelow: number
}

/** Marks that are kept; what is between them stands longer than it must. */
const marksMax = 64

/** Undefined where nothing is worth it now. */
export function planCompaction(
  segments: readonly ClosedSegment[],
  marks: readonly CompactionMark[],
  settings: CompactionSettings,
  nowMs: number,
): CompactionPlan | undefined {
  const logStart = segments[0]?.startOffset ?? 0
  const from = Math.max(firstDirty(marks), logStart)
  let end = from
  let cleanBytes = 0
  let dirtyBytes = 0
  let isOverdue = false
  for (const segment of segments) {
    if (segment.endOffset <= from) cleanBytes += segment.sizeBytes
    else {
      if (isWithin(segment.newestMs, settings.minCompactionLagMs, nowMs)) break
      dirtyBytes += segment.sizeBytes
      end = segment.endOffset
      isOverdue ||= isLate(segment.oldestMs, settings, nowMs)
    }
  }
  const isDirty = dirtyBytes > 0 && dirtyBytes >= settings.minCleanableDirtyRatio * (cleanBytes + dirtyBytes)
  const tombstonesBelow = tombstonesDue(marks, settings, nowMs)
  if (isDirty || isOverdue) return { from, end, tombstonesBelow }
  const standing = marks.some(({ below, tombstones }) => below <= tombstonesBelow && tombstones > 0)
  return standing && tombstonesBelow > logStart ? { from, end: from, tombstonesBelow } : undefined
}

/** Whether records of the time have to be compacted by now, also those of the active segment. */
export function isLate(
  oldestMs: number | undefined,
  { maxCompactionLagMs }: CompactionSettings,
  nowMs: number,
): boolean {
  return maxCompactionLagMs > 0 && oldestMs !== undefined && nowMs - oldestMs > maxCompactionLagMs
}

export function firstDirty(marks: readonly CompactionMark[]): number {
  return marks.at(-1)?.below ?? 0
}

/** The marks after the tombstones below the offset have gone, and nothing else has changed. */
export function marksWithout(marks: readonly CompactionMark[], tombstonesBelow: number): CompactionMark[] {
  return marks.map((mark) => (mark.below <= tombstonesBelow ? { ...mark, tombstones: 0 } : mark))
}

/** The marks after all below `mark.below` was compacted, and tombstones below the other offset went. */
export function marksAfter(
  marks: readonly CompactionMark[],
  mark: CompactionMark,
  tombstonesBelow: number,
): CompactionMark[] {
  const standing = marks.filter(({ below }) => below > tombstonesBelow && below < mark.below)
  const gone = marks.findLast(({ below }) => below <= tombstonesBelow)
  const after = gone === undefined ? [] : [{ ...gone, tombstones: 0 }]
  after.push(...standing, mark)
  return after.length > marksMax ? withoutOne(after) : after
}

function tombstonesDue(
  marks: readonly CompactionMark[],
  { deleteRetentionMs }: CompactionSettings,
  nowMs: number,
): number {
  return marks.findLast(({ atMs }) => atMs + deleteRetentionMs <= nowMs)?.below ?? 0
}

function isWithin(newestMs: number | undefined, lagMs: number, nowMs: number): boolean {
  return lagMs > 0 && newestMs !== undefined && nowMs - newestMs < lagMs
}

/** Joins the two marks that are closest in time. */
function withoutOne(marks: CompactionMark[]): CompactionMark[] {
  let closest = 0
  for (let index = 1; index + 1 < marks.length; index++) {
    if (gapAfter(marks, index) < gapAfter(marks, closest)) closest = index
  }
  const [one, next] = [marks[closest]!, marks[closest + 1]!]
  return marks.toSpliced(closest, 2, { ...next, tombstones: one.tombstones + next.tombstones })
}

function gapAfter(marks: readonly CompactionMark[], index: number): number {
  return marks[index + 1]!.atMs - marks[index]!.atMs
}
