// What the streams of a broker stand on, and their bounds.

import type { Durability, StreamConfig, StreamInfo } from '@sluice/protocol/model/stream'
import type { Logger } from '../../base/logger.ts'
import type { Transactions } from '../../cluster/metadata.ts'
import type { Placement } from '../../cluster/placement.ts'
import type { Io } from '../../io/io.ts'
import type { StorageSetting } from '../../log/storage.ts'
import type { TailCache } from '../../log/tail-cache.ts'
import type { StreamLogs } from './stream-logs.ts'

export interface StreamsOptions {
  readonly io: Io
  /** The data directory; the logs are below its `streams/`. */
  readonly directory: string
  readonly metadata: Transactions
  readonly tail: TailCache
  readonly logger: Logger
  /** Of every partition for as long as this broker runs: its boot epoch. */
  readonly leaderEpoch: number
  readonly wasClosedCleanly: boolean
  /** Absent: there is one node. */
  readonly placement?: Placement
  /** Where the logs are; absent: all of them here. */
  readonly logs?: StreamLogs
  /** Creates streams where another node decides on them; absent: this one does. */
  readonly createElsewhere?: (
    name: string,
    config: Partial<StreamConfig>,
    mustBeNew: boolean,
  ) => Promise<StreamInfo>
  readonly limits: StreamLimits
  /** What a broker without a disk can offer; undefined where there is one. */
  readonly onlyDurability: Durability | undefined
}

export interface StreamLimits extends StorageSetting {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly indexIntervalBytes: number
  readonly unflushedBytesMax: number
  readonly streamsMax: number
  readonly partitionsMax: number
  readonly retentionCheckMs: number
  readonly compactionCheckMs: number
  readonly compactionMapBytes: number
  readonly producerExpirationMs: number
}
