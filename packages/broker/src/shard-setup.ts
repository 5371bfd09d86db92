// What the shards of a broker are started with. What is bounded for the whole process, the memory above
// all, is shared evenly; what is bounded for one stream, consumer or connection stays as it is.

import type { BrokerLimits } from './config/read-config.ts'
import type { ShardSetup } from './shard-messages.ts'

const mib = 1024 * 1024

/** What all shards of a broker are started with. */
export type SharedSetup = Omit<ShardSetup, 'node' | 'bootEpoch' | 'wasClosedCleanly'>

/** `limits` are those of the whole process. */
export function sharedSetup({ limits, ...rest }: SharedSetup): SharedSetup {
  return { ...rest, limits: limitsOfShard(limits, rest.nodeCount) }
}

function limitsOfShard(limits: BrokerLimits, shards: number): BrokerLimits {
  const shareOf = (whole: number, least: number): number => Math.max(Math.floor(whole / shards), least)
  return {
    ...limits,
    tailCacheBytes: shareOf(limits.tailCacheBytes, 0),
    recordCacheBytes: shareOf(limits.recordCacheBytes, 0),
    unflushedBytesMax: shareOf(limits.unflushedBytesMax, mib),
    // Why at least so much: one connection alone may have as much in progress.
    totalBytesInProgressMax: shareOf(limits.totalBytesInProgressMax, limits.bytesInProgressMax),
  }
}
