// Records that are stored (or should be) and cannot be trusted: named, never served, never
// dropped in silence.

export type QuarantineReason =
  | 'damaged-batch'
  | 'damaged-offset'
  | 'damaged-tail'
  | 'overlap'
  | 'missing-records'
  | 'missing-segment'

export interface QuarantinedRange {
  /** Path of the segment; for a missing one, the path that it should have. */
  readonly file: string
  readonly position: number
  /** 0 where the bytes themselves are missing. */
  readonly sizeBytes: number
  /** First offset that the range may have held. */
  readonly baseOffset: number
  /** First offset after it; the same as `baseOffset` where only a repetition of other records is left out. */
  readonly nextOffset: number
  readonly reason: QuarantineReason
}
