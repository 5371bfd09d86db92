// How many members may be reading each partition: it is given to somebody else only when nobody does. More
// than one holds a partition only where classic members said so before the group was upgraded.

import type { PartitionSets } from '../partition-sets.ts'

export class PartitionHolders {
  readonly #counts = new Map<number, Map<number, number>>()

  hold(sets: PartitionSets): void {
    for (const [streamId, partitions] of sets) {
      const counts = this.#counts.get(streamId) ?? new Map<number, number>()
      this.#counts.set(streamId, counts)
      for (const partition of partitions) counts.set(partition, (counts.get(partition) ?? 0) + 1)
    }
  }

  /** What was held before. */
  release(sets: PartitionSets): void {
    for (const [streamId, partitions] of sets) {
      const counts = this.#counts.get(streamId)!
      for (const partition of partitions) {
        const left = counts.get(partition)! - 1
        if (left === 0) counts.delete(partition)
        else counts.set(partition, left)
      }
      if (counts.size === 0) this.#counts.delete(streamId)
    }
  }

  isFree(streamId: number, partition: number): boolean {
    return !(this.#counts.get(streamId)?.has(partition) ?? false)
  }
}
