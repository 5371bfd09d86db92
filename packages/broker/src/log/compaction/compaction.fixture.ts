// What the tests of compaction share: keyed records, a log that is compacted at a time, and what of some
// records a compaction has to leave.

import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { listeningLogger } from '../log.fixture.ts'
import type { CompactionRun, Log } from '../log.ts'
import type { CompactionSettings } from './compaction-plan.ts'
import { KeyHash } from './key-hash.ts'
import { OffsetMap } from './offset-map.ts'

export interface KeyedRecord {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
}

export const compactsAll: CompactionSettings = {
  minCleanableDirtyRatio: 0,
  minCompactionLagMs: 0,
  maxCompactionLagMs: 0,
  deleteRetentionMs: 1000,
}

export function keyedBatch(records: readonly Omit<KeyedRecord, 'offset'>[], timeMs = 1000): Uint8Array {
  const builder = new RecordBatchBuilder()
  for (const { key, value } of records) builder.add(timeMs, key, value)
  return builder.take()
}

export function compactionAt(
  wallMs: number,
  settings: Partial<CompactionSettings> = {},
  mapBytes = 1024 * 1024,
): CompactionRun {
  const hash = new KeyHash([1, 2, 3, 4])
  return {
    settings: { ...compactsAll, ...settings },
    wallMs,
    logger: listeningLogger(),
    mapFor: (keys) => new OffsetMap(hash, mapBytes, keys),
    isStopped: () => false,
  }
}

export async function readKeyed(log: Log): Promise<KeyedRecord[]> {
  const records: KeyedRecord[] = []
  const cursor = new RecordCursor()
  const text = (start: number, end: number): string | null =>
    end < 0 ? null : Buffer.from(cursor.bytes.subarray(start, end)).toString()
  for (let offset = log.logStart; offset < log.durableEnd;) {
    const slice = await log.read(offset, 1000)
    if (slice.nextOffset <= offset) throw new Error(`reading at ${offset} leads to ${slice.nextOffset}`)
    for (let at = slice.start; at < slice.end; at += batchSizeOf(slice.bytes, at)) {
      for (cursor.open(slice.bytes, at); cursor.next();) {
        const { keyStart, keyEnd, valueStart, valueEnd } = cursor
        if (cursor.offset < offset) continue
        const [key, value] = [text(keyStart, keyEnd), text(valueStart, valueEnd)]
        records.push({ offset: cursor.offset, key, value })
      }
    }
    offset = slice.nextOffset
  }
  return records
}

/** A log as a list. */
export class CompactedModel {
  records: KeyedRecord[] = []
  readonly #compactedMs = new Map<number, number>()

  /** Everything below `end` is compacted. */
  compact(end: number, wallMs: number, deleteRetentionMs: number): void {
    const newest = new Map<string, number>()
    for (const { offset, key } of this.records) if (key !== null && offset < end) newest.set(key, offset)
    this.records = this.records.filter(({ offset, key, value }) => {
      if (offset >= end || key === null) return true
      if (newest.get(key)! > offset) return false
      const sinceMs = this.#compactedMs.get(offset)
      return value !== null || sinceMs === undefined || sinceMs + deleteRetentionMs > wallMs
    })
    for (const { offset } of this.records) {
      if (offset < end && !this.#compactedMs.has(offset)) this.#compactedMs.set(offset, wallMs)
    }
  }
}
