// Finds whole batches in a file at places where nothing says that there is one: behind damage.
// A batch may hold the bytes of another as its payload, so the first match is not always the right one.

import {
  baseOffsetOf,
  batchHeaderBytes,
  batchSizeOf,
  lastOffsetDeltaOf,
  recordCountOf,
} from '@sluice/protocol/record/record-batch'
import { isBatchWhole, isHeaderPlausible, nextOffsetOf } from '../segment/stored-batch.ts'
import type { ByteWindow } from './byte-window.ts'

/**
 * A damaged stretch can have held this many records per byte, not more: it bounds how far offsets may jump.
 */
const recordsPerByteMax = 1024
/** How far behind a possible batch to look for the one that is certain. */
const lookAheadBytes = 4 * 1024 * 1024

export class BatchSearch {
  readonly #window: ByteWindow
  readonly #offsetMax: number

  /** No batch that is found ends above `offsetMax`. */
  constructor(window: ByteWindow, offsetMax: number) {
    this.#window = window
    this.#offsetMax = offsetMax
  }

  /** Whether a whole batch stands at the position; the window then covers it. */
  async isWhole(position: number): Promise<boolean> {
    const window = this.#window
    if (window.sizeBytes - position < batchHeaderBytes) return false
    await window.cover(position, batchHeaderBytes)
    if (!isHeaderPlausible(window.bytes, position - window.start)) return false
    const size = batchSizeOf(window.bytes, position - window.start)
    if (size > window.sizeBytes - position) return false
    await window.cover(position, size)
    return isBatchWhole(window.bytes, position - window.start, window.end - window.start)
  }

  /** Base offset of the whole batch at the position, or undefined. */
  async wholeBaseAt(position: number): Promise<number | undefined> {
    if (!(await this.isWhole(position))) return undefined
    return baseOffsetOf(this.#window.bytes, position - this.#window.start)
  }

  /**
   * Where to go on behind the damaged batch at `position`, or undefined where nothing whole comes. In this
   * order: the batch with exactly the offset that the damaged header promises; the one where the damaged
   * header ends; the first one with a possible offset.
   */
  async resync(position: number, expected: number): Promise<number | undefined> {
    const claim = await this.#claimAt(position, expected)
    const claimedBase =
      claim === undefined ? undefined : await this.#possibleBaseAt(claim.end, position, expected)
    if (claim !== undefined && claimedBase === claim.nextOffset) return claim.end
    let first: number | undefined
    let next = await this.#candidate(position + 1, position, expected)
    while (next !== undefined && next - (first ?? next) < lookAheadBytes) {
      const base = await this.#possibleBaseAt(next, position, expected)
      if (base !== undefined) {
        if (claim === undefined || base === claim.nextOffset) return next
        first ??= next
      }
      next = await this.#candidate(
        base === undefined ? next + 1 : next + this.#sizeAt(next),
        position,
        expected,
      )
    }
    return claimedBase === undefined ? first : claim?.end
  }

  /** Whether there are only zeros from the position to the end. */
  async isZero(position: number): Promise<boolean> {
    const window = this.#window
    for (let at = position; at < window.sizeBytes; at = window.end) {
      await window.cover(at, 1)
      for (let index = at - window.start; index < window.end - window.start; index++) {
        if (window.bytes[index] !== 0) return false
      }
    }
    return true
  }

  /** What the header at the position says of the batch behind it, if it makes any sense. */
  async #claimAt(
    position: number,
    expected: number,
  ): Promise<{ end: number; nextOffset: number } | undefined> {
    const window = this.#window
    if (window.sizeBytes - position < batchHeaderBytes) return undefined
    await window.cover(position, batchHeaderBytes)
    const at = position - window.start
    const count = recordCountOf(window.bytes, at)
    if (count < 1 || lastOffsetDeltaOf(window.bytes, at) !== count - 1) return undefined
    return { end: position + batchSizeOf(window.bytes, at), nextOffset: expected + count }
  }

  /** Base offset of a whole batch at the position that can follow damage which began at `from`. */
  async #possibleBaseAt(position: number, from: number, expected: number): Promise<number | undefined> {
    if (position <= from || !(await this.isWhole(position))) return undefined
    const at = position - this.#window.start
    return this.#isPossible(at, expected, position - from) ? baseOffsetOf(this.#window.bytes, at) : undefined
  }

  /** The first position at or after `position` where a header could be; cheap, no checksums. */
  async #candidate(position: number, from: number, expected: number): Promise<number | undefined> {
    const window = this.#window
    let next = position
    while (window.sizeBytes - next >= batchHeaderBytes) {
      await window.cover(next, batchHeaderBytes)
      const last = window.end - batchHeaderBytes
      for (; next <= last; next++) {
        const at = next - window.start
        if (window.bytes[at + 16] !== 2 || !isHeaderPlausible(window.bytes, at)) continue
        if (this.#isPossible(at, expected, next - from)) return next
      }
    }
    return undefined
  }

  #isPossible(at: number, expected: number, damagedBytes: number): boolean {
    const { bytes } = this.#window
    const base = baseOffsetOf(bytes, at)
    if (base < expected || base > expected + damagedBytes * recordsPerByteMax) return false
    return nextOffsetOf(bytes, at) <= this.#offsetMax
  }

  #sizeAt(position: number): number {
    return batchSizeOf(this.#window.bytes, position - this.#window.start)
  }
}
