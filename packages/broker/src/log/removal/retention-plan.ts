// What a log keeps, and what follows from it for its segments. Pure.

/** 0: no limit. */
export interface Retention {
  readonly maxAgeMs: number
  readonly maxBytes: number
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
  readonly sizeBytes: number
  /** Zero where nobody asks for them. */
  readonly records: number
}

/** How many of the first segments are beyond the bounds of size and count; never the last one. */
export function segmentsBeyond(
  segments: readonly KeptSegment[],
  { maxBytes, maxMessages }: Retention,
): number {
  let bytes = 0
  let messages = 0
  for (const { sizeBytes, records } of segments) {
    bytes += sizeBytes
    messages += records
  }
  let count = 0
  for (; count < segments.length - 1; count++) {
    const isWithin = (maxBytes === 0 || bytes <= maxBytes) && (maxMessages === 0 || messages <= maxMessages)
    if (isWithin) break
    bytes -= segments[count].sizeBytes
    messages -= segments[count].records
  }
  return count
}
