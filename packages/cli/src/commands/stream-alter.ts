// `sluice stream alter`

import { defineCommand } from '../command.ts'
import { UsageError } from '../failure.ts'
import { describeStreamOptions, streamConfigOf } from '../options/stream-options.ts'
import type { StreamOptions } from '../options/stream-options.ts'
import { showStream } from '../output/stream-view.ts'

export const streamAlter = defineCommand<[stream: string], StreamOptions>({
  path: ['stream', 'alter'],
  summary: 'change a stream',
  notes: 'What is not named stays as it is. --subject replaces all patterns. Partitions can only grow.',
  examples: [
    "sluice stream alter ORDERS --subject 'orders.>' --subject 'returns.>'",
    'sluice stream alter ORDERS --partitions 8 --message-bytes-max 2MiB',
    'sluice stream alter ORDERS --max-age 30d --max-messages 0',
  ],
  describe: (command) => describeStreamOptions(command.argument('<stream>', 'its name')),
  run: ({ output, withClient }, [stream], options) => {
    const changes = streamConfigOf(options)
    if (Object.keys(changes).length === 0) throw new UsageError('There is nothing to change: name an option')
    return withClient(async (client) => showStream(output, await client.streams.alter(stream, changes)))
  },
})
