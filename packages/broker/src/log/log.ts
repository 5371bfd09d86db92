// Path of a message 5/5 · from cluster/partition.ts · to disk.
// One partition's log: an ordered list of segments, of which only the last grows.
// Must never interpret keys, values or transactions; it sees batches as bytes.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Logger } from '../base/logger.ts'
import type { Io } from '../io/io.ts'
import type { LogSlice } from './log-slice.ts'
import type { QuarantinedRange } from './quarantined-range.ts'
import type { TailCache } from './tail-cache.ts'

export type { LogSlice } from './log-slice.ts'
export type { QuarantinedRange } from './quarantined-range.ts'

export interface LogOptions {
  /** What a durable batch has survived: `fsync` a power loss, `os` the end of this process. */
  durability: 'fsync' | 'os'
  segmentBytes: number
  segmentMs: number
  indexIntervalBytes: number
  tail: TailCache
  logger: Logger
  /** True when the data directory was closed cleanly: sizes are trusted, and nothing is ever cut. */
  wasClosedCleanly: boolean
}

/** Above this many `pendingBytes` a log is behind its disk. */
export const unflushedBytesMax: number = 32 * 1024 * 1024

export declare class Log {
  static open(io: Io, directory: string, options: LogOptions): Promise<Log>
  readonly directory: string
  /** First offset that is kept. */
  get logStart(): number
  /** Next offset to be given. */
  get logEnd(): number
  /** Offsets below are durable as configured: they may be read. */
  get durableEnd(): number
  get sizeBytes(): number
  /** Bytes appended and not yet durable. */
  get pendingBytes(): number
  /** True above `unflushedBytesMax`: take no more from publishers until `durable()` settles. `append` itself never waits. */
  get isBehind(): boolean
  get quarantined(): readonly QuarantinedRange[]
  /** Set after a failed write or sync: no further acks, until a restart. */
  get offline(): BrokerError | undefined
  /**
   * Gives the batch its place (base offset and leader epoch, in place) and queues it; returns the base offset.
   * The bytes are the log's from now on. Throws the offline error.
   */
  append(batch: Uint8Array, leaderEpoch: number): number
  /**
   * Resolves when all that is appended so far is durable; one promise shared by a whole group. Rejects with
   * `disk-full` (nothing kept, offsets are given again) or `partition-offline`. Ask in the same turn as the append.
   */
  durable(): Promise<void>
  /** Called, synchronously, whenever `durableEnd` moved or the log went offline. Returns how to stop it. */
  onAdvance(listener: () => void): () => void
  /** The whole batch of the tail cache that contains the offset, or undefined. */
  readCached(offset: number): LogSlice | undefined
  /**
   * Whole verified batches from the one containing `offset` on, below `durableEnd`; at least one, even if larger
   * than `bytesMax`. Empty at `durableEnd`. `offset-out-of-range` before `logStart` or after `durableEnd`.
   */
  read(offset: number, bytesMax: number): Promise<LogSlice>
  /** First offset whose record (of a compressed batch: whose batch) is not older than the time; `logEnd` if none. */
  offsetForTime(timeMs: number): Promise<number>
  /** The next append starts a new segment. */
  roll(): void
  /** Drops whole segments below the offset. */
  truncateStart(offset: number): Promise<void>
  /** Makes durable what is pending and writes the indexes. The shutdown was clean only if `offline` is undefined. */
  close(): Promise<void>
}
