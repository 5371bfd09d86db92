// What a node of a broker with several stands on, in the words of each layer.

import type { Logger } from '../base/logger.ts'
import type { Transactions } from '../cluster/metadata.ts'
import type { Placement } from '../cluster/placement.ts'
import type { Io } from '../io/io.ts'
import { TailCache } from '../log/tail-cache.ts'
import type { FlowConsumersOptions } from './flow/flow-options.ts'
import { progressDirectory } from './flow/progress-places.ts'
import { groupsDirectory } from './groups/group-places.ts'
import type { GroupsOptions } from './groups/groups.ts'
import type { Streams } from './streams/streams.ts'
import type { StreamsOptions } from './streams/streams-options.ts'

const progressCompactBytesMin = 16 * 1024 * 1024

export type NodeLimits = StreamsOptions['limits'] &
  FlowConsumersOptions['limits'] &
  GroupsOptions['limits'] &
  Pick<FlowConsumersOptions['journal'], 'segmentBytes' | 'segmentMs' | 'indexIntervalBytes'> & {
    readonly tailCacheBytes: number
  }

export interface NodeGround {
  readonly io: Io
  readonly logger: Logger
  readonly limits: NodeLimits
  readonly dataDir: string
  readonly wasClosedCleanly: boolean
  readonly metadata: Transactions
  readonly bootEpoch: number
  readonly placement: Placement
}

export function streamsGround(ground: NodeGround): StreamsOptions & { readonly placement: Placement } {
  const { io, dataDir, metadata, limits, logger, bootEpoch, wasClosedCleanly, placement } = ground
  return {
    io,
    directory: dataDir,
    metadata,
    tail: new TailCache(limits.tailCacheBytes),
    logger,
    leaderEpoch: bootEpoch,
    wasClosedCleanly,
    limits,
    onlyDurability: undefined,
    placement,
  }
}

export function progressJournal({
  limits,
  logger,
  wasClosedCleanly,
}: Pick<NodeGround, 'limits' | 'logger' | 'wasClosedCleanly'>): FlowConsumersOptions['journal'] {
  const { segmentBytes, segmentMs, indexIntervalBytes } = limits
  const bounds = { segmentBytes, segmentMs, indexIntervalBytes, compactBytesMin: progressCompactBytesMin }
  return { ...bounds, tail: new TailCache(0), logger, wasClosedCleanly }
}

/** `isInMemory`: no progress is kept, or it serves no consumer. */
export function flowGround(ground: NodeGround, streams: Streams, isInMemory: boolean): FlowConsumersOptions {
  const { io, dataDir, metadata, limits, logger, placement } = ground
  return {
    io,
    directory: progressDirectory(dataDir, placement.node, placement.nodeCount),
    metadata,
    streams,
    logger,
    journal: progressJournal(ground),
    isInMemory,
    limits,
    placement,
    areInvariantsChecked: false,
  }
}

/** `isInMemory`: nothing is kept, or it coordinates no group. */
export function groupsGround(ground: NodeGround, streams: Streams, isInMemory: boolean): GroupsOptions {
  const { io, dataDir, limits, logger, placement } = ground
  const directory = groupsDirectory(dataDir, placement.node, placement.nodeCount)
  const journal = progressJournal(ground)
  return { io, directory, streams, placement, logger, journal, isInMemory, limits }
}
