// How many messages went to which partition, in bounded memory.

import type { Published } from '@sluice/client'
import type { TableColumn } from './output/table.ts'

export interface PartitionTally {
  readonly partition: number
  count: number
  readonly firstOffset: number
  lastOffset: number
}

export class PublishedTally {
  static readonly columns: readonly TableColumn<PartitionTally>[] = [
    { head: 'PARTITION', cell: ({ partition }) => partition },
    { head: 'MESSAGES', cell: ({ count }) => count },
    { head: 'FIRST OFFSET', cell: ({ firstOffset }) => firstOffset },
    { head: 'LAST OFFSET', cell: ({ lastOffset }) => lastOffset },
  ]
  readonly #byPartition = new Map<number, PartitionTally>()
  #count = 0

  add({ partition, offset }: Published): void {
    this.#count++
    const tally = this.#byPartition.get(partition)
    if (tally === undefined) {
      this.#byPartition.set(partition, { partition, count: 1, firstOffset: offset, lastOffset: offset })
      return
    }
    tally.count++
    tally.lastOffset = offset
  }

  get count(): number {
    return this.#count
  }

  get partitions(): PartitionTally[] {
    return [...this.#byPartition.values()].toSorted((one, other) => one.partition - other.partition)
  }
}
