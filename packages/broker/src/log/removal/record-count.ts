// How many records a part of a log holds. Where none was taken out, the offsets tell; of a segment that was
// written anew, `<base>.thinned` tells, or where only a part of it is asked for, its batches do.
//
//   {"checksum":…,"facts":<records>}
//
// The file stands beside its segment before that is replaced: a crash in between leaves a count that is too
// low by what was to be removed, until the segment is written anew once more.

import { baseOffsetOf, batchSizeOf, lastOffsetOf, recordCountOf } from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { LogParts } from '../log-parts.ts'
import type { LogSlice } from '../log-slice.ts'
import { readFacts, writeFacts } from '../recovery/checked-json.ts'
import { segmentPath } from '../segment/segment-names.ts'
import type { Segment } from '../segment/segment.ts'
import { othersTurn } from './turn.ts'

const readBytes = 1024 * 1024
/** Of a segment that no record was taken out of. */
const whole = -1

export class RecordCount {
  readonly #parts: LogParts
  /** Of segments that were asked for: what they hold, or `whole`. */
  readonly #counts = new WeakMap<Segment, number>()
  /** The last part of a segment that was counted: the same one is asked for again and again. */
  #counted = { from: 0, end: 0, records: 0 }

  constructor(parts: LogParts) {
    this.#parts = parts
  }

  /** Writes down what a segment is about to hold; durable. */
  async record({ directory, baseOffset }: Segment, records: number): Promise<void> {
    await writeFacts(this.#parts.io.files, segmentPath(directory, baseOffset, 'thinned'), records)
  }

  /** Of `[from, end)`, which is durable. */
  async between(from: number, end: number): Promise<number> {
    let records = 0
    for (const segment of this.#parts.segments.all) {
      const [first, last] = [Math.max(segment.startOffset, from), Math.min(segment.endOffset, end)]
      if (first < last) records += await this.#within(segment, first, last)
    }
    return records
  }

  async #within(segment: Segment, first: number, end: number): Promise<number> {
    const count = await this.#countOf(segment)
    if (count === whole) return end - first - quarantinedBetween(segment, first, end)
    if (first === segment.startOffset && end === segment.endOffset) return count
    const { from, end: to, records } = this.#counted
    if (from === first && to === end) return records
    this.#counted = { from: first, end, records: await this.#look(first, end) }
    return this.#counted.records
  }

  async #countOf(segment: Segment): Promise<number> {
    const known = this.#counts.get(segment)
    if (known !== undefined) return known
    const { directory, baseOffset } = segment
    const read = await readFacts(this.#parts.io.files, segmentPath(directory, baseOffset, 'thinned'))
    const isKnown = typeof read === 'object' && Number.isSafeInteger(read.facts)
    const records = isKnown ? Number(read.facts) : whole
    this.#counts.set(segment, records)
    return records
  }

  async #look(first: number, end: number): Promise<number> {
    let records = 0
    for (let offset = first; offset < end;) {
      const slice = await this.#parts.reader.read(offset, readBytes)
      records += countIn(slice, first, end)
      if (slice.nextOffset <= offset) break
      offset = slice.nextOffset
      await othersTurn(this.#parts.io.timers)
    }
    return records
  }
}

function quarantinedBetween({ ranges }: Segment, first: number, end: number): number {
  let offsets = 0
  for (const { baseOffset, nextOffset } of ranges) {
    offsets += Math.max(0, Math.min(nextOffset, end) - Math.max(baseOffset, first))
  }
  return offsets
}

function countIn({ bytes, start, end: sliceEnd }: LogSlice, first: number, end: number): number {
  let records = 0
  const cursor = new RecordCursor()
  for (let at = start; at < sliceEnd && baseOffsetOf(bytes, at) < end; at += batchSizeOf(bytes, at)) {
    const isInside = baseOffsetOf(bytes, at) >= first && lastOffsetOf(bytes, at) < end
    if (isInside) {
      records += recordCountOf(bytes, at)
      continue
    }
    for (cursor.open(bytes, at); cursor.next();) if (cursor.offset >= first && cursor.offset < end) records++
  }
  return records
}
