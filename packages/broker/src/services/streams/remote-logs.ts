// The partitions of a stream that other nodes lead, opened by asking each leader once.

import type { PartitionKey } from '../../cluster/partition-messages.ts'
import type { Placement } from '../../cluster/placement.ts'
import type { RemotePartitions } from '../../cluster/remote-partitions.ts'
import { inOrder } from './stream-logs.ts'
import type { OpenPartition } from './stream-logs.ts'
import type { NamedStream } from './stream-messages.ts'

/** `areNew`: those that are not known yet have just been made. */
export async function openRemoteLogs(
  { identity: { id }, config }: NamedStream,
  areNew: boolean,
  { placement, remote }: { placement: Placement; remote: RemotePartitions },
): Promise<OpenPartition[]> {
  const byNode = new Map<number, PartitionKey[]>()
  for (let partition = 0; partition < config.partitions; partition++) {
    const node = placement.leaderOf(id, partition)
    if (node === placement.node) continue
    const keys = byNode.get(node) ?? []
    byNode.set(node, keys)
    keys.push({ stream: id, partition })
  }
  const opened: OpenPartition[] = []
  for (const [node, keys] of byNode) {
    const place = { node, isVolatile: config.durability === 'memory' }
    const partitions = areNew ? remote.openNew(place, keys) : await remote.open(place, keys)
    for (const partition of partitions) {
      opened.push({ partition, close: async () => remote.close(partition.key) })
    }
  }
  return inOrder(opened)
}
