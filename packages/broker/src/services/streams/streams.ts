// The streams of this broker: created, altered and deleted through the catalog, their logs opened and closed here.
// Must never leave half a stream: the catalog decides what exists, and files without an entry are removed at start.

import type { StreamConfig, StreamInfo } from '@sluice/protocol/model/stream'
import type { Logger } from '../../base/logger.ts'
import type { Metadata } from '../../cluster/metadata.ts'
import type { Io } from '../../io/io.ts'
import type { TailCache } from '../../log/tail-cache.ts'
import type { Stream } from './stream.ts'

export interface StreamsOptions {
  readonly io: Io
  /** The data directory; the logs are below its `streams/`. */
  readonly directory: string
  readonly metadata: Metadata
  readonly tail: TailCache
  readonly logger: Logger
  /** Of every partition for as long as this broker runs: its boot epoch. */
  readonly leaderEpoch: number
  readonly wasClosedCleanly: boolean
  readonly limits: StreamLimits
}

export interface StreamLimits {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly indexIntervalBytes: number
  readonly unflushedBytesMax: number
  readonly streamsMax: number
  readonly partitionsMax: number
}

export declare class Streams {
  static open(options: StreamsOptions): Promise<Streams>
  find(name: string): Stream | undefined
  /** Throws `unknown-stream`. */
  require(name: string): Stream
  /** Sorted by name. */
  list(): StreamInfo[]
  /** Answers with the stream as it is when it exists with the same configuration, else throws `stream-exists`. */
  create(name: string, config: Partial<StreamConfig>): Promise<StreamInfo>
  alter(name: string, changes: Partial<StreamConfig>): Promise<StreamInfo>
  delete(name: string): Promise<void>
  /** Awaited after the catalog has forgotten the stream and before its logs are closed; returns how to stop. */
  onDelete(listener: (stream: Stream) => Promise<void>): () => void
  close(): Promise<void>
}
