// Takes records out of streams because somebody asks for it: everything, everything below an offset, what is
// published to some subjects, or single records. Checks all of a request before anything is removed. What is
// published meanwhile stays.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { MessagePlace } from '@sluice/protocol/model/consumer'
import { baseOffsetOf, batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { BytePattern } from '@sluice/protocol/subject/byte-pattern'
import { isSubjectBytes } from '@sluice/protocol/subject/subject'
import type { Partition } from '../../cluster/partition.ts'
import type { Timers } from '../../io/io.ts'
import type { LogSlice } from '../../log/log.ts'
import { readKept } from './kept-records.ts'
import type { Stream } from './stream.ts'

/** Read at a time; then others have their turn. */
const sliceBytes = 256 * 1024
/** Removed at a time: it bounds the memory, and how often one segment is written anew. */
const offsetsMax = 1_000_000

export interface PurgeChoice {
  /** Pattern of subjects; absent: every record. */
  readonly match?: string
  readonly partition?: number
  /** Offset of the partition; absent: all that may be read now. */
  readonly before?: number
}

/** Resolves with how many records are gone, durably. */
export async function purge(
  stream: Stream,
  choice: PurgeChoice,
  timers: Timers,
): Promise<{ removed: number }> {
  const { match, partition, before } = choice
  if (before !== undefined && partition === undefined) {
    throw new BrokerError('invalid-request', `'before' is an offset of one partition: name it`)
  }
  const pattern = match === undefined ? undefined : new BytePattern(match)
  const partitions = partition === undefined ? stream.partitions : [stream.requirePartition(partition)]
  await Promise.all(partitions.map((each) => each.refresh()))
  if (before !== undefined) checkBelow(stream, partitions[0]!, before)
  let removed = 0
  for (const each of partitions) {
    const end = before ?? each.highWatermark
    // Why not by its records where all of them match: moving the start of a log costs nothing.
    removed +=
      pattern === undefined || pattern.pattern.matchesAll
        ? await undisturbed(stream, () => each.removeBelow(end))
        : await undisturbed(stream, () => purgeMatching(each, pattern, end, timers))
  }
  return { removed }
}

/** Resolves with how many of them there were; they are gone, durably. */
export async function deleteMessages(
  stream: Stream,
  messages: readonly MessagePlace[],
): Promise<{ removed: number }> {
  const shares = new Map<number, number[]>()
  for (const { partition, offset } of messages) {
    stream.requirePartition(partition)
    const share = shares.get(partition)
    if (share === undefined) shares.set(partition, [offset])
    else share.push(offset)
  }
  const indexes = [...shares.keys()]
  await Promise.all(indexes.map((index) => stream.requirePartition(index).refresh()))
  for (const { partition, offset } of messages) {
    checkBelow(stream, stream.requirePartition(partition), offset, 1)
  }
  let removed = 0
  for (const [index, offsets] of shares) {
    removed += await undisturbed(stream, () => stream.requirePartition(index).deleteRecords(offsets))
  }
  return { removed }
}

/** An end below which records go, or where so many records are. */
function checkBelow(
  { name }: Stream,
  { index, highWatermark }: Partition,
  offset: number,
  records = 0,
): void {
  if (offset + records <= highWatermark) return
  const what = records === 0 ? `and ${offset} is beyond` : `and has no record ${offset}`
  const text = `Partition ${index} of stream ${name} ends at ${highWatermark}, ${what}`
  throw new BrokerError('offset-out-of-range', text)
}

/** A log that is closed because its stream was deleted is not what the caller is to hear of. */
export async function undisturbed<T>(stream: Stream, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!stream.isDeleted) throw error
    throw new BrokerError('stream-deleted', `Stream ${stream.name} was deleted`, { cause: error })
  }
}

async function purgeMatching(
  partition: Partition,
  pattern: BytePattern,
  end: number,
  timers: Timers,
): Promise<number> {
  let removed = 0
  let found: number[] = []
  for (let offset = partition.logStart; offset < end;) {
    const slice = await readKept(partition, offset, (from) => partition.read(from, sliceBytes))
    collect(slice, { from: offset, end }, pattern, found)
    offset = Math.max(slice.nextOffset, offset + 1)
    if (found.length < offsetsMax && offset < end) {
      await new Promise<void>((resolve) => {
        timers.soon(resolve)
      })
    } else if (found.length > 0) {
      removed += await partition.deleteRecords(found)
      found = []
    }
  }
  return removed
}

/** Adds the offsets of matching records within `[from, end)`. */
function collect(
  { bytes, start, end: sliceEnd }: LogSlice,
  { from, end }: { readonly from: number; readonly end: number },
  pattern: BytePattern,
  found: number[],
): void {
  const cursor = new RecordCursor()
  for (let at = start; at < sliceEnd; at += batchSizeOf(bytes, at)) {
    cursor.open(bytes, at)
    const records = cursor.bytes
    while (cursor.next()) {
      const { offset, keyStart, keyEnd } = cursor
      if (offset < from || offset >= end || !isSubjectBytes(records, keyStart, keyEnd)) continue
      if (pattern.matches(records, keyStart, keyEnd)) found.push(offset)
    }
    if (cursor.isDamaged) throw notDecodable(bytes, at)
  }
}

function notDecodable(bytes: Uint8Array, at: number): BrokerError {
  const text = `The records of the batch at offset ${baseOffsetOf(bytes, at)} cannot be told apart`
  return new BrokerError('batch-not-decodable', text)
}
