// Which node leads what. Computed from what never changes, so that nobody has to store or agree on it: every
// node of the same broker comes to the same answer.

import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'

/** What of a stream decides on its places. */
export interface PlacedStream {
  readonly id: number
  /** Partitions that it was created with: a stream that grows does not move its consumers. */
  readonly firstPartitions: number
}

const encoder = new TextEncoder()

export class Placement {
  /** Of the node that asks. */
  readonly node: number
  readonly nodeCount: number

  constructor(node: number, nodeCount: number) {
    this.node = node
    this.nodeCount = nodeCount
  }

  /** How answers name a node: not at all where there is only one. */
  named(node: number): number | undefined {
    return this.nodeCount === 1 ? undefined : node
  }

  /** Streams begin at different nodes, and the partitions of one go round them. */
  leaderOf(streamId: number, partition: number): number {
    return (streamId + partition) % this.nodeCount
  }

  isLedHere(streamId: number, partition: number): boolean {
    return this.leaderOf(streamId, partition) === this.node
  }

  /**
   * The node that serves all of a consumer: the leader of one of the stream's partitions, so that what it
   * reads most is at hand. Consumers of one stream spread over its leaders by their names.
   */
  homeOf({ id, firstPartitions }: PlacedStream, consumer: string): number {
    return this.leaderOf(id, partitionOfKey(encoder.encode(consumer), firstPartitions))
  }
}

/** The only node there is. */
export const onlyNode: Placement = new Placement(0, 1)
