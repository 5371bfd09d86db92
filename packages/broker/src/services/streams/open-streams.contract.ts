// What the tests of streams stand on: real streams, on files in memory.

import { silentLogger } from '../../base/logger.ts'
import { EmbeddedMetadata } from '../../cluster/embedded-metadata.ts'
import type { Io } from '../../io/io.ts'
import { memoryFiles } from '../../io/memory-files.ts'
import { realIo } from '../../io/real-io.ts'
import { TailCache } from '../../log/tail-cache.ts'
import type { StreamLimits } from './streams-options.ts'
import { Streams } from './streams.ts'

export interface OpenedStreams {
  readonly io: Io
  readonly metadata: EmbeddedMetadata
  readonly streams: Streams
  readonly close: () => Promise<void>
}

export const testLimits: StreamLimits = {
  segmentBytes: 1024 * 1024,
  segmentMs: 3_600_000,
  indexIntervalBytes: 4096,
  unflushedBytesMax: 64 * 1024 * 1024,
  streamsMax: 100,
  partitionsMax: 16,
  retentionCheckMs: 60_000,
  compactionCheckMs: 15_000,
  compactionMapBytes: 1024 * 1024,
  producerExpirationMs: 86_400_000,
}

export function memoryWorld(): Io {
  return { ...realIo(), files: memoryFiles() }
}

export async function openStreams(
  io: Io = memoryWorld(),
  {
    limits = testLimits,
    tail = new TailCache(1024 * 1024),
  }: { limits?: StreamLimits; tail?: TailCache } = {},
): Promise<OpenedStreams> {
  const common = { io, tail, logger: silentLogger, wasClosedCleanly: false }
  const metadata = await EmbeddedMetadata.open({ ...common, directory: '/data/catalog', durability: 'fsync' })
  const rest = { metadata, leaderEpoch: 7, limits, onlyDurability: undefined }
  const streams = await Streams.open({ ...common, ...rest, directory: '/data' })
  return {
    io,
    metadata,
    streams,
    close: async () => {
      await streams.close()
      await metadata.close()
    },
  }
}
