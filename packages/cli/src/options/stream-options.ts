// The options that say what a stream is, for `stream create` and `stream alter`.

import type { Durability, StreamConfig } from '@sluice/client'
import type { Command } from 'commander'
import { Option } from 'commander'
import { integer, size } from './number-options.ts'
import { pattern, repeated } from './text-options.ts'

export interface StreamOptions {
  readonly subject?: string[]
  readonly partitions?: number
  readonly durability?: Durability
  readonly messageBytesMax?: number
}

const partitionsMax = 0xffff
const messageBytesLimit = 15 * 1024 * 1024

export function describeStreamOptions(command: Command): Command {
  return command
    .option('--subject <pattern>', 'subjects that may be published; repeatable', repeated(pattern))
    .option('--partitions <count>', 'number of partitions', integer(1, partitionsMax))
    .option('--message-bytes-max <size>', 'largest message, such as 64KiB', size(1, messageBytesLimit))
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
export function streamConfigOf({ subject, ...others }: StreamOptions): Partial<StreamConfig> {
  return { ...others, ...(subject !== undefined && { subjects: subject }) }
}
