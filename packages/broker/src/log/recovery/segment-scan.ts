// Reads a segment from front to back, checks every batch, and finds the next whole one behind damage.
// Gives what the recovery table needs, and builds the index on the way. Changes nothing on disk.

import {
  baseOffsetOf,
  batchHeaderBytes,
  batchSizeOf,
  lastOffsetDeltaOf,
  lastOffsetOf,
  maxTimestampOf,
  recordCountOf,
} from '@sluice/protocol/record/record-batch'
import { unreachable } from '../../base/assert.ts'
import type { File } from '../../io/io.ts'
import type { QuarantineReason } from '../quarantined-range.ts'
import type { SegmentIndex } from '../segment/segment-index.ts'
import type { BadRange } from '../segment/segment.ts'
import { isBatchWhole, isHeaderPlausible, nextOffsetOf } from '../segment/stored-batch.ts'
import { BatchSearch } from './batch-search.ts'
import { ByteWindow } from './byte-window.ts'
import { batchRow } from './recovery-table.ts'

export interface ScanRequest {
  readonly file: File
  /** How far to look. */
  readonly sizeBytes: number
  /** Offset that the first batch should have. */
  readonly startOffset: number
  /** False where the file is known to begin with something else. */
  readonly isExact: boolean
  /** No offset of this segment is at or above it. */
  readonly offsetMax: number
  readonly index: SegmentIndex
  /** Sees every accepted batch; the bytes are borrowed. */
  readonly onBatch?: (bytes: Uint8Array, at: number, position: number) => void
}

export interface ScanResult {
  /**
   * Offset after the last accepted batch, and after damaged ones that still tell how many
   * records they held.
   */
  readonly endOffset: number
  /** All but what is at the end. */
  readonly ranges: readonly BadRange[]
  /** What stands behind the last accepted batch. */
  readonly tail: ScannedTail | undefined
}

export interface ScannedTail {
  readonly position: number
  readonly sizeBytes: number
  readonly isZero: boolean
  readonly hasWholeBatch: boolean
  /** Offset after all that the tail can have held: at least one more for each record. */
  readonly offsetBound: number
  readonly baseOffset: number
  readonly reason: QuarantineReason
}

/** Scans all of it. */
export async function scanSegment(request: ScanRequest): Promise<ScanResult> {
  const scan = new SegmentScan(request)
  while (await scan.advance());
  return scan.finish()
}

interface OpenRange {
  readonly position: number
  end: number
  readonly baseOffset: number
  readonly reason: QuarantineReason
  /** It holds a batch with the right checksum… */
  hasWholeBatch: boolean
  /** …or bytes of which nobody knows how many records they were. */
  hasBroken: boolean
}

/** A scan that can be taken in pieces, for those who look at a file that is larger than memory. */
export class SegmentScan {
  readonly #request: ScanRequest
  readonly #window: ByteWindow
  readonly #search: BatchSearch
  readonly #ranges: BadRange[] = []
  /** Damage that has not ended yet: its next offset is that of the next accepted batch. */
  #open: OpenRange | undefined
  #position = 0
  #expected: number
  #isExact: boolean

  constructor(request: ScanRequest) {
    this.#request = request
    this.#window = new ByteWindow(request.file, request.sizeBytes)
    this.#search = new BatchSearch(this.#window, request.offsetMax)
    this.#expected = request.startOffset
    this.#isExact = request.isExact
  }

  /** Goes on for at most about a megabyte; false at the end. */
  async advance(): Promise<boolean> {
    if (this.#position >= this.#request.sizeBytes) return false
    if (this.#acceptHeld()) return true
    if (await this.#search.isWhole(this.#position)) await this.#judgeBatch()
    else await this.#leaveOutDamage()
    return true
  }

  /** The ranges that are known by now. */
  get ranges(): readonly BadRange[] {
    return this.#ranges
  }

  /** Called at the end. */
  async finish(): Promise<ScanResult> {
    return { endOffset: this.#expected, ranges: this.#ranges, tail: await this.#tail() }
  }

  /**
   * The undamaged case without waiting: takes batches that the window holds; false at the first that needs
   * a look.
   */
  #acceptHeld(): boolean {
    const { bytes, start, end } = this.#window
    const before = this.#position
    if (before < start) return false
    while (isBatchWhole(bytes, this.#position - start, end - start)) {
      if (baseOffsetOf(bytes, this.#position - start) !== this.#expected) break
      this.#accept()
    }
    return this.#position > before
  }

  async #judgeBatch(): Promise<void> {
    const at = this.#position - this.#window.start
    const { bytes } = this.#window
    const baseOffset = baseOffsetOf(bytes, at)
    const nextOffset = nextOffsetOf(bytes, at)
    const lastOffsetDelta = lastOffsetDeltaOf(bytes, at)
    const size = batchSizeOf(bytes, at)
    const followingOffset = await this.#search.wholeBaseAt(this.#position + size)
    const { offsetMax } = this.#request
    const facts = {
      baseOffset,
      nextOffset,
      followingOffset,
      offsetMax,
      expected: this.#expected,
      isExact: this.#isExact,
    }
    const row = batchRow(facts)
    switch (row) {
      case 'A':
      case 'B':
        await this.#window.cover(this.#position, size)
        return this.#accept()
      case 'C':
        this.#leaveOut(this.#position + size, 'damaged-offset', true)
        this.#expected += lastOffsetDelta + 1
        return
      case 'D':
        return this.#leaveOut(this.#position + size, 'overlap', true)
      default:
        return unreachable(row)
    }
  }

  /** Row E, or the tail. */
  async #leaveOutDamage(): Promise<void> {
    const next = await this.#search.resync(this.#position, this.#expected)
    this.#leaveOut(next ?? this.#request.sizeBytes, 'damaged-batch', false)
    this.#isExact = false
  }

  #accept(): void {
    const { bytes, start } = this.#window
    const at = this.#position - start
    const baseOffset = baseOffsetOf(bytes, at)
    this.#closeRange(baseOffset)
    this.#request.index.add(this.#position, lastOffsetOf(bytes, at), maxTimestampOf(bytes, at))
    this.#request.onBatch?.(bytes, at, this.#position)
    this.#position += batchSizeOf(bytes, at)
    this.#expected = nextOffsetOf(bytes, at)
    this.#isExact = true
  }

  #leaveOut(end: number, reason: QuarantineReason, isWhole: boolean): void {
    const baseOffset = this.#expected
    this.#open ??= {
      position: this.#position,
      end,
      baseOffset,
      reason,
      hasWholeBatch: isWhole,
      hasBroken: !isWhole,
    }
    this.#open.end = end
    this.#open.hasWholeBatch ||= isWhole
    this.#open.hasBroken ||= !isWhole
    this.#position = end
  }

  #closeRange(nextOffset: number): void {
    const open = this.#open
    this.#open = undefined
    if (open !== undefined) {
      const { position, baseOffset, reason } = open
      this.#ranges.push({ position, sizeBytes: open.end - position, baseOffset, nextOffset, reason })
    } else if (nextOffset > this.#expected) {
      const missing = { position: this.#position, sizeBytes: 0, baseOffset: this.#expected, nextOffset }
      this.#ranges.push({ ...missing, reason: 'missing-records' })
    }
  }

  async #tail(): Promise<ScannedTail | undefined> {
    const open = this.#open
    if (open === undefined) return undefined
    const { position, baseOffset, hasWholeBatch } = open
    const reason = hasWholeBatch ? open.reason : 'damaged-tail'
    const sizeBytes = this.#request.sizeBytes - position
    const isZero = await this.#search.isZero(position)
    const offsetBound = await this.#offsetBound(open)
    return { position, sizeBytes, isZero, hasWholeBatch, offsetBound, baseOffset, reason }
  }

  /** What the damaged header says where it makes sense, else as many records as fit into the bytes. */
  async #offsetBound({ position, hasWholeBatch, hasBroken }: OpenRange): Promise<number> {
    if (!hasBroken) return this.#expected
    const sizeBytes = this.#request.sizeBytes - position
    if (hasWholeBatch || sizeBytes < batchHeaderBytes) return this.#expected + sizeBytes
    await this.#window.cover(position, batchHeaderBytes)
    const { bytes, start } = this.#window
    const at = position - start
    const isClaimed =
      isHeaderPlausible(bytes, at) &&
      batchSizeOf(bytes, at) === sizeBytes &&
      recordCountOf(bytes, at) === lastOffsetDeltaOf(bytes, at) + 1
    return this.#expected + (isClaimed ? recordCountOf(bytes, at) : sizeBytes)
  }
}
