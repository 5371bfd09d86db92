// What a read gives: whole record batches, back to back, as a range of a buffer.

export interface LogSlice {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** Offset to read next: beyond the batches, and beyond quarantined records after them. */
  readonly nextOffset: number
  /**
   * Of bytes that are lent: says that nobody looks at them any more, and they may hold another read. Harmless
   * when called again; who does not call it keeps them. Undefined where nobody waits for the bytes.
   */
  readonly release?: (() => void) | undefined
}

const noBytes = new Uint8Array(0)

export function emptySlice(nextOffset: number): LogSlice {
  return { bytes: noBytes, start: 0, end: 0, nextOffset }
}
