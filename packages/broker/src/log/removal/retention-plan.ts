// What a log keeps, and what follows from it for its segments. Pure.

/** 0: no limit. */
export interface Retention {
  readonly maxAgeMs: number
  readonly maxBytes: number
  readonly maxMessages: number
}

export const keepsAll: Retention = { maxAgeMs: 0, maxBytes: 0, maxMessages: 0 }

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
  readonly sizeBytes: number
  /** Zero where nobody asks for them. */
  readonly records: number
}

/**
 * How many of the first segments are beyond the limits of size and count; never the last one. A segment that
 * is much larger than one would be now, since the limit is younger or it came as one batch, goes only when
 * the limit is reached without it: nobody is to lose most of what was to be kept.
 */
export function segmentsBeyond(
  segments: readonly KeptSegment[],
  { maxBytes, maxMessages }: Retention,
  bounds: SegmentBounds,
): number {
  let bytes = 0
  let messages = 0
  for (const { sizeBytes, records } of segments) {
    bytes += sizeBytes
    messages += records
  }
  let count = 0
  for (; count < segments.length - 1; count++) {
    const { sizeBytes, records } = segments[count]
    const isBeyond =
      isOver(maxBytes, bytes, sizeBytes, bounds.bytes) ||
      isOver(maxMessages, messages, records, bounds.offsets)
    if (!isBeyond) break
    bytes -= sizeBytes
    messages -= records
  }
  return count
}

function isOver(limit: number, total: number, first: number, bound: number): boolean {
  return limit > 0 && total > limit && (first <= 2 * bound || total - first >= limit)
}
