// The number of this start of the broker: it grows with each, durably, before anything is served. It tells
// what was said in an earlier life apart: deliveries, and record batches by the leader that wrote them.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Metadata } from './metadata.ts'

const key = 'boot-epoch'

export async function nextBootEpoch(metadata: Metadata): Promise<number> {
  const entry = await metadata.get(key)
  const epoch = (entry === undefined ? 0 : Number(JSON.parse(entry.value))) + 1
  const { succeeded } = await metadata.commit({
    compares: [{ key, revision: entry?.revision ?? 0 }],
    puts: [{ key, value: JSON.stringify(epoch) }],
  })
  if (succeeded) return epoch
  throw new BrokerError('data-directory-locked', 'Another broker has started on the same catalog')
}
