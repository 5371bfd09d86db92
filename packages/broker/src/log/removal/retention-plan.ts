// What a log keeps, and what follows from it for its segments. Pure.

/** 0: no limit. */
export interface Retention {
  readonly maxAgeMs: number
  readonly maxBytes: number
  /** Counted in offsets, whether or not each still has its record. */
  readonly maxMessages: number
}

/** When the active segment is full. */
export interface SegmentBounds {
  readonly bytes: number
  readonly ms: number
  readonly offsets: number
}

/** Only whole segments are dropped: with so many in what is kept, a limit is exceeded by one of them. */
const parts = 8
/** Smaller ones would cost more to begin than to fill. */
const segmentBytesMin = 256 * 1024
const segmentMsMin = 1000
const segmentOffsetsMin = 1024

export function segmentBoundsFor(most: SegmentBounds, retention: Retention): SegmentBounds {
  const { maxAgeMs, maxBytes, maxMessages } = retention
  return {
    bytes: boundOf(most.bytes, maxBytes, segmentBytesMin),
    ms: boundOf(most.ms, maxAgeMs, segmentMsMin),
    offsets: boundOf(most.offsets, maxMessages, segmentOffsetsMin),
  }
}

function boundOf(most: number, limit: number, least: number): number {
  return limit === 0 ? most : Math.min(most, Math.max(Math.ceil(limit / parts), least))
}

export interface KeptSegment {
  readonly startOffset: number
  readonly sizeBytes: number
}

/** How many of the first segments are beyond the bounds of size and count; never the last one. */
export function segmentsBeyond(
  segments: readonly KeptSegment[],
  { logStart, logEnd }: { readonly logStart: number; readonly logEnd: number },
  { maxBytes, maxMessages }: Retention,
): number {
  let bytes = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let count = 0
  for (; count < segments.length - 1; count++) {
    const messages = logEnd - Math.max(segments[count].startOffset, logStart)
    const isWithin = (maxBytes === 0 || bytes <= maxBytes) && (maxMessages === 0 || messages <= maxMessages)
    if (isWithin) break
    bytes -= segments[count].sizeBytes
  }
  return count
}
