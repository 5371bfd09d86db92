// Batches of idempotent producers, as their clients make them. For tests.

import { resealed } from '@sluice/protocol/record/compression/compressed-batches.contract'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'

export interface ProducerFields {
  readonly id: number
  readonly epoch?: number
  readonly sequence: number
  readonly count?: number
}

export function producerBatch(fields: ProducerFields, value = 'value'): Uint8Array {
  const { id, epoch = 0, sequence, count = 1 } = fields
  const builder = new RecordBatchBuilder()
  for (let index = 0; index < count; index++) builder.add(1000, `key.${id}`, `${value} ${sequence + index}`)
  const batch = builder.take()
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length)
  view.setBigInt64(43, BigInt(id))
  view.setInt16(51, epoch)
  view.setInt32(53, sequence)
  return resealed(batch)
}
