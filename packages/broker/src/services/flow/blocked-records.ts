// The blocked records of a flow consumer: listed, and decided on by an operator. After a restart some may not
// have been read yet: these are known by their verdicts alone, and are looked up.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { BlockedDecision, BlockedRow } from '@sluice/protocol/model/consumer'
import type { FlowConsumer } from './flow-consumer.ts'

/** In the order of partitions and offsets. */
export async function blockedRows(consumer: FlowConsumer, count: number): Promise<BlockedRow[]> {
  const rows: BlockedRow[] = []
  for (const { partition, departures } of consumer.coordinators) {
    for (const offset of departures.blockedOffsets()) {
      if (rows.length >= count) return rows
      const row = await departures.blockedRowOf(offset)
      consumer.checkOpen()
      if (row !== undefined) rows.push({ partition: partition.index, ...row })
    }
  }
  return rows
}

/** Decides on all blocked records of a subject. Throws `not-blocked` where there is none. */
export async function unblockSubject(
  consumer: FlowConsumer,
  subject: string,
  decision: BlockedDecision,
): Promise<number> {
  let records = 0
  const check = (): void => consumer.checkOpen()
  for (const { departures } of consumer.coordinators) {
    records += await departures.unblock(subject, decision, check)
    check()
  }
  if (records === 0) {
    const text = `Consumer ${consumer.options.name} has no blocked record of ${JSON.stringify(subject)}`
    throw new BrokerError('not-blocked', text)
  }
  consumer.wake()
  await consumer.coordinators[0]!.durable()
  return records
}
