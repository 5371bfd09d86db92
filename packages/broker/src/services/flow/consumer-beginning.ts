// Where a new consumer begins in one partition: everything before counts as settled, and is written as its
// progress before the catalog names the consumer. So a crash leaves no consumer, or one that begins right.
// Must never keep others waiting: a log is read in pieces, and others have their turn between.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { ConsumerConfig, DeliverFrom } from '@sluice/protocol/model/consumer'
import type { RecordCursor } from '@sluice/protocol/record/record-cursor'
import type { Partition } from '../../cluster/partition.ts'
import { parseTime } from './iso-time.ts'
import { LastOfSubjects } from './last-of-subjects.ts'
import { scanLog } from './reading/scan-log.ts'
import type { ScanContext } from './reading/scan-log.ts'
import { SubjectFilter } from './state/rule-table.ts'
import type { SettledSet } from './state/settled-set.ts'

/** How far back the newest record is looked for at first: behind it only deleted or damaged ones may be. */
const firstStepBack = 64

export interface Beginning extends ScanContext {
  readonly partition: Partition
  readonly config: ConsumerConfig
}

/** Settles what the consumer is not to have. Throws `offset-out-of-range` for an offset beyond the end. */
export async function settleBefore(beginning: Beginning, settled: SettledSet): Promise<void> {
  const { deliverFrom } = beginning.config
  // Why: what another node leads may have grown by what was confirmed before we were asked.
  await beginning.partition.refresh()
  beginning.check()
  if (deliverFrom === 'last-per-subject') return settleAllButLast(beginning, settled)
  settled.addRange(0, await firstOffset(beginning, deliverFrom))
}

async function firstOffset(
  beginning: Beginning,
  from: Exclude<DeliverFrom, 'last-per-subject'>,
): Promise<number> {
  const { partition } = beginning
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
    const visit = ({ offset }: RecordCursor): void => {
      last = offset
    }
    await scanLog(partition, { from, end, visit }, beginning)
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
  const visit = ({ bytes, keyStart, keyEnd, offset }: RecordCursor): void => {
    settled.addRange(next, offset)
    next = offset + 1
    const superseded = filter.matches(bytes, keyStart, keyEnd)
      ? last.note(bytes, keyStart, keyEnd, offset)
      : offset
    if (superseded >= 0) settled.add(superseded)
  }
  await scanLog(partition, { from: next, end, visit }, beginning)
  settled.addRange(next, end)
}
