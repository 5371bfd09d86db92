// The options that say what a stream is, for `stream create` and `stream alter`.

import type { Durability, StreamConfig } from '@sluice/client'
import type { Command } from 'commander'
import { Option } from 'commander'
import { duration, integer, size } from './number-options.ts'
import { partitionMax, pattern, repeated } from './text-options.ts'

export interface StreamOptions {
  readonly subject?: string[]
  readonly partitions?: number
  readonly durability?: Durability
  readonly messageBytesMax?: number
  readonly maxAge?: number
  readonly maxBytes?: number
  readonly maxMessages?: number
}

const messageBytesLimit = 15 * 1024 * 1024
const ageMsLimit = 36_500 * 24 * 3_600_000
const countLimit = Number.MAX_SAFE_INTEGER

export function describeStreamOptions(command: Command): Command {
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

/** Cannot be altered. */
export function describeDurability(command: Command): Command {
  const option = new Option(
    '--durability <fault>',
    'what a confirmed message survives: of machine, process, nothing',
  )
  return command.addOption(option.choices(['fsync', 'os', 'memory']))
}

/** What was named, and nothing else. */
export function streamConfigOf({ subject, maxAge, ...others }: StreamOptions): Partial<StreamConfig> {
  return {
    ...others,
    ...(subject !== undefined && { subjects: subject }),
    ...(maxAge !== undefined && { maxAgeMs: maxAge }),
  }
}
