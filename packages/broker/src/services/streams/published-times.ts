// When a natively published record is, for streams that do not take every publisher's word for it.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { stampBatch } from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { timeBounds } from './produce-check.ts'
import type { Stream } from './stream.ts'

const cursor = new RecordCursor()

/** Throws `invalid-timestamp` where a record of the batch, which was checked, is too far from now. */
export function checkTimes({ name, config, admission }: Stream, batch: Uint8Array): void {
  const { timestampType, timestampBeforeMaxMs, timestampAfterMaxMs } = config
  if (timestampType === 'append' || (timestampBeforeMaxMs === 0 && timestampAfterMaxMs === 0)) return
  const { from, to } = timeBounds(config, admission.nowMs())
  for (cursor.open(batch, 0); cursor.next();) {
    const { timestamp } = cursor
    if (timestamp >= from && timestamp <= to) continue
    const text = `The time ${timestamp} of a record is not within ${from} and ${to} of stream ${name}`
    throw new BrokerError('invalid-timestamp', text)
  }
}

/** Makes the time of batches that of the broker, where the stream has it so; the bytes are the caller's. */
export function stampTimes({ config, admission }: Stream, batches: readonly Uint8Array[]): void {
  if (config.timestampType !== 'append') return
  const nowMs = admission.nowMs()
  for (const batch of batches) stampBatch(batch, 0, nowMs, true)
}
