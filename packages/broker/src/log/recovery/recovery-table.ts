// What is done with each thing that can be found in a log when it is opened, or when a read meets damage.
// Pure. Three rules stand above the rows: nothing whole is ever cut; nothing is left out without a name; an
// offset that may have been acknowledged is never given to another record while we can know it.
//
//   batches                                                            then
//   A  whole, begins where the one before ends                         accept
//   B  whole, begins above that; the batch behind it agrees            accept, name the missing records
//   C  whole, begins elsewhere; the batch behind it (or none) objects  quarantine: its base offset is damaged
//   D  whole, begins below; the one behind it does not object          quarantine: repeats earlier records
//   E  not whole, a whole batch follows somewhere                      quarantine up to there
//
//   the end of a segment, from the first place after which no whole batch comes
//   F  last segment, not closed cleanly, only zeros                    cut
//   G  last segment, not closed cleanly, other bytes                   save the bytes aside, cut
//   H  last segment, closed cleanly, or it was named before, or it
//      holds a whole batch (C, D)                                      quarantine, go on in a new one
//   I  not the last segment                                            quarantine up to the next segment
//
//   segments
//   J  begins where the one before ends                                accept
//   K  begins above that                                               accept, name the missing segment
//   L  begins below that, ends above it                                quarantine what repeats, keep the rest
//   M  begins and ends below                                           quarantine all of it
//   N  ends at or below the log start                                  remove: a truncation was interrupted
//   Q  the last one, and it ends below the log start                   remove, go on at the log start
//
//   indexes
//   O  fits the segment                                                use, and check what it leads to
//   P  missing, truncated, or does not fit                             make it anew from the segment

export interface BatchFacts {
  readonly baseOffset: number
  readonly nextOffset: number
  /** Offset after the last accepted batch. */
  readonly expected: number
  /** False behind a quarantined range, which may have held any number of records. */
  readonly isExact: boolean
  /** Base offset of a whole batch right behind this one, if there is one. */
  readonly followingOffset: number | undefined
  /** No batch can reach beyond this offset. */
  readonly offsetMax: number
}

export type BatchRow = 'A' | 'B' | 'C' | 'D'

/** For a batch with the right checksum, which does not cover its base offset. */
export function batchRow(facts: BatchFacts): BatchRow {
  const { baseOffset, nextOffset, expected, followingOffset: following } = facts
  if (baseOffset === expected) return 'A'
  const agrees = following === nextOffset
  const objects = following !== undefined && !agrees && following > expected
  // Why: at the end, and not behind damage, a flipped bit is likelier than what was never written there.
  const standsAlone = following === undefined && facts.isExact
  if (objects || standsAlone || nextOffset > facts.offsetMax) return 'C'
  return baseOffset < expected ? 'D' : 'B'
}

export interface TailFacts {
  readonly isLastSegment: boolean
  readonly wasClosedCleanly: boolean
  /** It was quarantined by an earlier start that could know that this is no torn write. */
  readonly wasNamed: boolean
  readonly hasWholeBatch: boolean
  readonly isZero: boolean
}

export type TailRow = 'F' | 'G' | 'H' | 'I'

export function tailRow(facts: TailFacts): TailRow {
  if (!facts.isLastSegment) return 'I'
  if (facts.wasClosedCleanly || facts.wasNamed || facts.hasWholeBatch) return 'H'
  return facts.isZero ? 'F' : 'G'
}

export interface SegmentFacts {
  readonly startOffset: number
  /** Undefined while it is not known; it then counts as beyond everything. */
  readonly endOffset: number | undefined
  /** Where the segment before ends; for the first one, the log start. */
  readonly expected: number
  readonly logStart: number
  readonly isLastSegment: boolean
}

export type SegmentRow = 'J' | 'K' | 'L' | 'M' | 'N'

export function segmentRow(facts: SegmentFacts): SegmentRow {
  const endOffset = facts.endOffset ?? Number.MAX_SAFE_INTEGER
  if (endOffset <= facts.logStart && facts.startOffset < facts.logStart && !facts.isLastSegment) return 'N'
  if (facts.startOffset === facts.expected) return 'J'
  if (facts.startOffset > facts.expected) return 'K'
  return endOffset > facts.expected ? 'L' : 'M'
}
