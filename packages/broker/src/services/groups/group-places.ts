// Which node coordinates a group, and where it keeps what it knows: below `<data>/groups/`, in a folder for
// each node where there are several. Computed, so that every node comes to the same answer.

import { partitionOfKey } from '@sluice/protocol/bytes/murmur2'
import type { SpreadJournals } from '../flow/progress-migration.ts'
import { nodeFolder } from '../flow/progress-places.ts'
import { decodeGroupKey } from './group-codec.ts'

const encoder = new TextEncoder()

export function coordinatorOf(groupId: string, nodeCount: number): number {
  return nodeCount === 1 ? 0 : partitionOfKey(encoder.encode(groupId), nodeCount)
}

export function groupsDirectory(dataDir: string, node: number, nodeCount: number): string {
  return nodeFolder(groupsRoot(dataDir), node, nodeCount)
}

/** How groups move when the number of nodes has changed. */
export function spreadGroups(dataDir: string, nodeCount: number): SpreadJournals {
  return {
    root: groupsRoot(dataDir),
    durabilities: ['fsync'],
    homeOf: (key) => coordinatorOf(decodeGroupKey(key).groupId, nodeCount),
  }
}

function groupsRoot(dataDir: string): string {
  return `${dataDir}/groups`
}
