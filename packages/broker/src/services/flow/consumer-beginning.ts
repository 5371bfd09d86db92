// Where a new consumer begins in one partition: everything before counts as settled, and is written as its
// progress before the catalog names the consumer. So a crash leaves no consumer, or one that begins right.
// Must never keep others waiting: a log is read in pieces, and others have their turn between.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ConsumerConfig, DeliverFrom } from '@sluice/protocol/model/consumer'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { Partition } from '../../cluster/partition.ts'
import type { Timers } from '../../io/io.ts'
import type { LogSlice } from '../../log/log.ts'
import { parseTime } from './deliver-from.ts'
import { LastOfSubjects } from './last-of-subjects.ts'
import { SubjectFilter } from './state/rule-table.ts'
import type { SettledSet } from './state/settled-set.ts'

const readBytes = 256 * 1024
/** How far back the newest record is looked for at first: behind it only deleted or damaged ones may be. */
const firstStepBack = 64

export interface Beginning {
  readonly partition: Partition
  readonly config: ConsumerConfig
  readonly timers: Timers
  /** Throws when it is not worth going on. */
  readonly check: () => void
}

/** Settles what the consumer is not to have. Throws `offset-out-of-range` for an offset beyond the end. */
export async function settleBefore(beginning: Beginning, settled: SettledSet): Promise<void> {
  const { partition, config } = beginning
  const { deliverFrom } = config
  await partition.refresh()
  if (deliverFrom === 'last-per-subject') return settleAllButLast(beginning, settled)
  settled.addRange(0, await firstOffset(beginning, partition, deliverFrom))
}

async function firstOffset(
  beginning: Beginning,
  partition: Partition,
  from: Exclude<DeliverFrom, 'last-per-subject'>,
): Promise<number> {
  if (from === 'all') return 0
  if (from === 'new') return partition.highWatermark
  if (from === 'last') return lastOffset(beginning)
  if ('fromTime' in from) return partition.offsetForTime(parseTime(from.fromTime)!)
  if (from.fromOffset <= partition.highWatermark) return from.fromOffset
  const text =
    `'deliverFrom' is offset ${from.fromOffset}, but partition ${partition.index} ends at ` +
    `${partition.highWatermark}: nothing says which record will have it`
  throw new BrokerError('offset-out-of-range', text)
}

/** Offset of the newest record; the high watermark where there is none. */
async function lastOffset(beginning: Beginning): Promise<number> {
  const { partition } = beginning
  const end = partition.highWatermark
  for (let step = firstStepBack; ; step *= 8) {
    const from = Math.max(partition.logStart, end - step)
    let last = end
    await forEachSlice(beginning, { from, end }, (slice, cursor) => {
      for (let at = slice.start; at < slice.end; at += batchSizeOf(slice.bytes, at)) {
        cursor.open(slice.bytes, at)
        while (cursor.next()) if (cursor.offset < end) last = cursor.offset
      }
    })
    if (last < end || from <= partition.logStart) return last
  }
}

/** Reads all keys of the log: what is not the newest record of a subject that matches is settled. */
async function settleAllButLast(beginning: Beginning, settled: SettledSet): Promise<void> {
  const { partition, config } = beginning
  const end = partition.highWatermark
  const filter = new SubjectFilter(config.filter)
  const last = new LastOfSubjects()
  let next = partition.logStart
  settled.addRange(0, next)
  await forEachSlice(beginning, { from: next, end }, (slice, cursor) => {
    for (let at = slice.start; at < slice.end; at += batchSizeOf(slice.bytes, at)) {
      cursor.open(slice.bytes, at)
      while (cursor.next()) {
        const { bytes, keyStart, keyEnd, offset } = cursor
        if (offset < next || offset >= end) continue
        settled.addRange(next, offset)
        next = offset + 1
        const superseded = filter.matches(bytes, keyStart, keyEnd)
          ? last.note(bytes, keyStart, keyEnd, offset)
          : offset
        if (superseded >= 0) settled.add(superseded)
      }
    }
  })
  settled.addRange(next, end)
}

type VisitSlice = (slice: LogSlice, cursor: RecordCursor) => void

async function forEachSlice(
  { partition, timers, check }: Beginning,
  { from, end }: { readonly from: number; readonly end: number },
  visit: VisitSlice,
): Promise<void> {
  const cursor = new RecordCursor()
  let offset = from
  while (offset < end) {
    // Why each time: retention may take records from the start while we read.
    const slice = await partition.read(Math.max(offset, partition.logStart), readBytes)
    check()
    if (slice.end > slice.start) visit(slice, cursor)
    offset = Math.max(slice.nextOffset, offset + 1)
    await new Promise<void>((resolve) => {
      timers.soon(resolve)
    })
    check()
  }
}
