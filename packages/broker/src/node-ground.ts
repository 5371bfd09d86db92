// What a node of a broker with several stands on, in the words of each layer.

import type { Logger } from './base/logger.ts'
import type { Transactions } from './cluster/metadata.ts'
import type { Placement } from './cluster/placement.ts'
import type { BrokerLimits } from './config/read-config.ts'
import type { Io } from './io/io.ts'
import { TailCache } from './log/tail-cache.ts'
import type { FlowConsumersOptions } from './services/flow/flow-options.ts'
import type { Streams } from './services/streams/streams.ts'
import type { StreamsOptions } from './services/streams/streams-options.ts'

const progressCompactBytesMin = 16 * 1024 * 1024

export interface NodeGround {
  readonly io: Io
  readonly logger: Logger
  readonly limits: BrokerLimits
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

/** `progressDirectory` undefined: it serves no consumer. */
export function flowGround(
  ground: NodeGround,
  streams: Streams,
  progressDirectory: string | undefined,
): FlowConsumersOptions {
  const { io, metadata, limits, logger, placement } = ground
  return {
    io,
    directory: progressDirectory ?? '',
    metadata,
    streams,
    logger,
    journal: progressJournal(ground),
    isInMemory: progressDirectory === undefined,
    limits,
    placement,
    areInvariantsChecked: false,
  }
}
