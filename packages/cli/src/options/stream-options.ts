// The options that say what a stream is, for `stream create` and `stream alter`.

import type { CleanupPolicy, CompressionType, Durability, StreamConfig, TimestampType } from '@sluice/client'
import type { Command } from 'commander'
import { Option } from 'commander'
import { decimal, duration, integer, size } from './number-options.ts'
import { partitionMax, pattern, repeated } from './text-options.ts'

export interface StreamOptions {
  readonly subject?: string[]
  readonly partitions?: number
  readonly durability?: Durability
  readonly messageBytesMax?: number
  readonly maxAge?: number
  readonly maxBytes?: number
  readonly maxMessages?: number
  readonly cleanupPolicy?: CleanupPolicy
  readonly segmentBytes?: number
  readonly segmentAge?: number
  readonly minCompactionLag?: number
  readonly maxCompactionLag?: number
  readonly minCleanableDirtyRatio?: number
  readonly deleteRetention?: number
  readonly compressionType?: CompressionType
  readonly timestampType?: TimestampType
  readonly timestampBeforeMax?: number
  readonly timestampAfterMax?: number
}

const messageBytesLimit = 15 * 1024 * 1024
const ageMsLimit = 36_500 * 24 * 3_600_000
const segmentBytesLimit = 2 ** 31 - 1
const countLimit = Number.MAX_SAFE_INTEGER

export function describeStreamOptions(command: Command): Command {
  return describeCleaning(describeKeeping(command))
}

function describeKeeping(command: Command): Command {
  return command
    .option('--subject <pattern>', 'subjects that may be published; repeatable', repeated(pattern))
    .option('--partitions <count>', 'number of partitions', integer(1, partitionMax))
    .option('--message-bytes-max <size>', 'largest message, such as 64KiB', size(1, messageBytesLimit))
    .option('--max-age <duration>', 'drop older messages; 0 never', duration(0, ageMsLimit))
    .option('--max-bytes <size>', 'size of a partition that is kept; 0 no limit', size(0, countLimit))
    .option(
      '--max-messages <count>',
      'messages of a partition that are kept; 0 no limit',
      integer(0, countLimit),
    )
}

function describeCleaning(command: Command): Command {
  const policy = new Option('--cleanup-policy <policy>', 'what makes messages go')
  const compression = new Option('--compression-type <type>', 'what batches of Kafka clients are kept as')
  const timestamps = new Option('--timestamp-type <type>', 'whether publisher or broker dates messages')
  return command
    .addOption(policy.choices(['delete', 'compact', 'compact,delete']))
    .option('--segment-bytes <size>', "size of a segment; 0 the broker's", size(0, segmentBytesLimit))
    .option('--segment-age <duration>', "age of a segment; 0 the broker's", duration(0, ageMsLimit))
    .option('--min-compaction-lag <duration>', 'younger ones are not compacted', duration(0, ageMsLimit))
    .option(
      '--max-compaction-lag <duration>',
      'older ones are compacted; 0 any time',
      duration(0, ageMsLimit),
    )
    .option('--min-cleanable-dirty-ratio <share>', 'share from which on to compact; 0 to 1', decimal(0, 1))
    .option(
      '--delete-retention <duration>',
      'how long removals stay after compaction',
      duration(0, ageMsLimit),
    )
    .addOption(compression.choices(['producer', 'none', 'gzip', 'snappy', 'lz4', 'zstd']))
    .addOption(timestamps.choices(['create', 'append']))
    .option('--timestamp-before-max <duration>', 'oldest that is taken; 0 any', duration(0, ageMsLimit))
    .option(
      '--timestamp-after-max <duration>',
      'furthest ahead that is taken; 0 any',
      duration(0, ageMsLimit),
    )
}

/** Cannot be altered. */
export function describeDurability(command: Command): Command {
  const option = new Option(
    '--durability <fault>',
    'what a confirmed message survives: of machine, process, nothing',
  )
  return command.addOption(option.choices(['fsync', 'os', 'memory']))
}

/** Options of another name than the property. */
const renamed: Readonly<Record<string, keyof StreamConfig>> = {
  subject: 'subjects',
  maxAge: 'maxAgeMs',
  segmentAge: 'segmentMs',
  minCompactionLag: 'minCompactionLagMs',
  maxCompactionLag: 'maxCompactionLagMs',
  deleteRetention: 'deleteRetentionMs',
  timestampBeforeMax: 'timestampBeforeMaxMs',
  timestampAfterMax: 'timestampAfterMaxMs',
}

/** What was named, and nothing else. */
export function streamConfigOf(options: StreamOptions): Partial<StreamConfig> {
  const named = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(named.map(([name, value]) => [renamed[name] ?? name, value as unknown]))
}
