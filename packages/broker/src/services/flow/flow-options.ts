// What the flow consumers of a broker are given, and their bounds. Defaults are in config/.

import type { Transactions } from '../../cluster/metadata.ts'
import type { Placement } from '../../cluster/placement.ts'
import type { Streams } from '../streams/streams.ts'
import type { ProgressStoreOptions } from './progress/progress-store.ts'

export interface FlowConsumersOptions extends ProgressStoreOptions {
  readonly metadata: Transactions
  readonly streams: Streams
  /** Only consumers whose home is here are served; absent: there is one node. */
  readonly placement?: Placement
  readonly limits: FlowLimits
  readonly areInvariantsChecked: boolean
}

export interface FlowLimits {
  /** Most parked records of one consumer and partition that are held in memory, at 8 bytes each. */
  readonly parkedMax: number
  /** Decoded batches of all partitions, each for all of its consumers. */
  readonly recordCacheBytes: number
  readonly consumersMax: number
}
