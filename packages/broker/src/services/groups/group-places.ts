// Which node coordinates a group, and where it keeps what it knows. Computed, so that every node comes to the
// same answer.

import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'

const encoder = new TextEncoder()

export function coordinatorOf(groupId: string, nodeCount: number): number {
  return nodeCount === 1 ? 0 : partitionOfKey(encoder.encode(groupId), nodeCount)
}
