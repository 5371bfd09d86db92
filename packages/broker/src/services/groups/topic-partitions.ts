// Partitions as clients name them, by the names of their topics, and as groups keep them.

import { partitionSets } from './partition-sets.ts'
import type { PartitionSets } from './partition-sets.ts'
import type { TopicPartition } from './subscription-reader.ts'
import type { Topic, TopicView } from './topic-directory.ts'

export type NamedPartitions = readonly { readonly topic: Topic; readonly partitions: readonly number[] }[]

/** Without streams that are gone. */
export function namedPartitions(topics: TopicView, sets: PartitionSets): NamedPartitions {
  const named: { topic: Topic; partitions: readonly number[] }[] = []
  for (const [streamId, partitions] of sets) {
    const topic = topics.byId(streamId)
    if (topic !== undefined) named.push({ topic, partitions })
  }
  return named
}

/** Of topics that there are. */
export function setsOf(topics: TopicView, partitions: readonly TopicPartition[]): PartitionSets {
  const rows: (readonly [number, readonly number[]])[] = []
  for (const { topic, partition } of partitions) {
    const found = topics.find(topic)
    if (found !== undefined && partition < found.partitionCount) rows.push([found.id, [partition]])
  }
  return partitionSets(rows)
}
