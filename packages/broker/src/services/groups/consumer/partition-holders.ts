// How many members may be reading each partition: it is given to somebody else only when nobody does. More
// than one holds a partition only where classic members said so before the group was upgraded.

import type { PartitionSets } from '../partition-sets.ts'

/** About what a partition takes here and in the sets of who holds it; and the stream that it is of. */
const partitionBytes = 50
const streamBytes = 550

export class PartitionHolders {
  readonly #counts = new Map<number, Map<number, number>>()
  #partitionCount = 0

  /** About what is kept of what members have. */
  get bytes(): number {
    return this.#counts.size * streamBytes + this.#partitionCount * partitionBytes
  }

  hold(sets: PartitionSets): void {
    for (const [streamId, partitions] of sets) {
      const counts = this.#counts.get(streamId) ?? new Map<number, number>()
      this.#counts.set(streamId, counts)
      this.#partitionCount -= counts.size
      for (const partition of partitions) counts.set(partition, (counts.get(partition) ?? 0) + 1)
      this.#partitionCount += counts.size
    }
  }

  /** What was held before. */
  release(sets: PartitionSets): void {
    for (const [streamId, partitions] of sets) {
      const counts = this.#counts.get(streamId)!
      for (const partition of partitions) {
        const left = counts.get(partition)! - 1
        if (left > 0) counts.set(partition, left)
        else {
          counts.delete(partition)
          this.#partitionCount--
        }
      }
      if (counts.size === 0) this.#counts.delete(streamId)
    }
  }

  isFree(streamId: number, partition: number): boolean {
    return !(this.#counts.get(streamId)?.has(partition) ?? false)
  }
}
