// `--format` and `--json` together: how messages are shown.

import type { Command } from 'commander'
import { Option } from 'commander'
import { UsageError } from '../failure.ts'
import { messageFormats } from '../output/message-format.ts'
import type { MessageFormat } from '../output/message-format.ts'

export function describeFormat(command: Command): Command {
  const option = new Option(
    '--format <format>',
    'text; json per line; raw: the data and a line end; bytes: the data alone',
  )
  return command.addOption(option.choices(messageFormats))
}

/** Throws `UsageError` when the two disagree. */
export function formatOf(format: MessageFormat | undefined, isJson: boolean): MessageFormat {
  if (isJson && format !== undefined && format !== 'json') {
    throw new UsageError(`--json and --format ${format} exclude each other`)
  }
  return isJson ? 'json' : (format ?? 'text')
}
