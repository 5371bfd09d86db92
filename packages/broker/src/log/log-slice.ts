// What a read gives: whole record batches, back to back, as a range of a buffer.

export interface LogSlice {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** Offset to read next: beyond the batches, and beyond quarantined records after them. */
  readonly nextOffset: number
}

const noBytes = new Uint8Array(0)

export function emptySlice(nextOffset: number): LogSlice {
  return { bytes: noBytes, start: 0, end: 0, nextOffset }
}
