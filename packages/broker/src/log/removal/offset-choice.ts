// Which of some offsets a log still has, and taking exactly these out of a segment.

import { baseOffsetOf, batchSizeOf, isControlBatch, lastOffsetOf } from '@sluice/protocol/record/record-batch'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { LogParts } from '../log-parts.ts'
import type { LogSlice } from '../log-slice.ts'
import type { RecordChoice } from './thinned-copy.ts'
import { othersTurn } from './turn.ts'

const findBytes = 64 * 1024

/** Drops the records with the given offsets, which rise. */
export class OffsetChoice implements RecordChoice {
  readonly #offsets: readonly number[]
  #next = 0

  constructor(offsets: readonly number[]) {
    this.#offsets = offsets
  }

  mayDrop(baseOffset: number, lastOffset: number): boolean {
    this.#skipBelow(baseOffset)
    return this.#next < this.#offsets.length && this.#offsets[this.#next] <= lastOffset
  }

  keep({ offset }: RecordCursor): boolean {
    this.#skipBelow(offset)
    return this.#offsets[this.#next] !== offset
  }

  #skipBelow(offset: number): void {
    while (this.#next < this.#offsets.length && this.#offsets[this.#next] < offset) this.#next++
  }
}

/**
 * Those of the offsets, which rise and are within the log, that have a record. Throws
 * `batch-not-decodable` where one is within a batch that nobody can take apart.
 */
export async function recordsAmong({ reader, io }: LogParts, offsets: readonly number[]): Promise<number[]> {
  const found: number[] = []
  for (let next = 0; next < offsets.length;) {
    const slice = await reader.read(offsets[next], findBytes)
    next = matchSlice(slice, offsets, next, found)
    while (next < offsets.length && offsets[next] < slice.nextOffset) next++
    if (slice.start === slice.end) break
    await othersTurn(io.timers)
  }
  return found
}

/** Returns the index of the first offset behind the slice's batches. */
function matchSlice(slice: LogSlice, offsets: readonly number[], from: number, found: number[]): number {
  const { bytes, start, end } = slice
  const cursor = new RecordCursor()
  let next = from
  for (let at = start; at < end; at += batchSizeOf(bytes, at)) {
    const lastOffset = lastOffsetOf(bytes, at)
    while (next < offsets.length && offsets[next] < baseOffsetOf(bytes, at)) next++
    if (next === offsets.length) break
    if (offsets[next] > lastOffset || isControlBatch(bytes, at)) continue
    for (cursor.open(bytes, at); cursor.next();) {
      while (next < offsets.length && offsets[next] < cursor.offset) next++
      if (offsets[next] === cursor.offset) found.push(offsets[next++])
    }
    if (cursor.isDamaged) throw notDecodable(bytes, at)
    while (next < offsets.length && offsets[next] <= lastOffset) next++
  }
  return next
}

function notDecodable(bytes: Uint8Array, at: number): BrokerError {
  const text = `The records of the batch at offset ${baseOffsetOf(bytes, at)} cannot be told apart`
  return new BrokerError('batch-not-decodable', text)
}
