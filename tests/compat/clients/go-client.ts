// The Kafka library of Debian's Go, which is built when it is first asked for.

import { buildSarama } from '../../../tools/test/go-clients.ts'
import type { KafkaClient } from '../harness/kafka-client.ts'
import { ProcessClient } from './process-client.ts'

export async function openSarama(address: string): Promise<KafkaClient> {
  const library = {
    name: 'sarama',
    command: buildSarama(),
    args: [],
    // Why no outages: what it sends again after one it may send in other batches, out of their sequence.
    lacks: ['static members', 'outages'] as const,
    // Why no zstd: it sends and asks for it in versions older than zstd, which Kafka refuses as well.
    codecs: ['none', 'gzip', 'snappy', 'lz4'] as const,
    // Of records that cannot be deleted it does not tell.
    lacksAdmin: ['deleteGroup', 'deleteRecords'] as const,
    assignors: { classic: ['range', 'roundrobin'] },
  }
  return new ProcessClient(library, address)
}
