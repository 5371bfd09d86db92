// How a log stores and what it shares with the other logs of the broker.

import type { Logger } from '../base/logger.ts'
import type { TailCache } from './tail-cache.ts'

export interface LogOptions {
  /** What a durable batch has survived: `fsync` a power loss, `os` the end of this process. */
  durability: 'fsync' | 'os'
  segmentBytes: number
  /** Counted from the first append to the segment by this process. */
  segmentMs: number
  indexIntervalBytes: number
  tail: TailCache
  logger: Logger
  /** True when the data directory was closed cleanly: sizes are trusted, and nothing is ever cut. */
  wasClosedCleanly: boolean
  /**
   * Opening waits for space rather than leave a torn end in place as damage: rejects with `disk-full`. For
   * a log that is of no use with a part missing.
   */
  isDamageFatal?: boolean
  /**
   * How long an idempotent producer is remembered after its last batch; absent: the log has none, and takes
   * their batches as any others.
   */
  producerExpirationMs?: number
}
