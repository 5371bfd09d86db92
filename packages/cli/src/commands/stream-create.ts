// `sluice stream create`

import { defineCommand } from '../command.ts'
import { describeDurability, describeStreamOptions, streamConfigOf } from '../options/stream-options.ts'
import type { StreamOptions } from '../options/stream-options.ts'
import { showStream } from '../output/stream-view.ts'

export const streamCreate = defineCommand<[stream: string], StreamOptions>({
  path: ['stream', 'create'],
  summary: 'create a stream',
  notes: 'A stream that exists with the same configuration is no error; with another one it is a conflict.',
  examples: [
    'sluice stream create ORDERS',
    "sluice stream create ORDERS --subject 'orders.>' --partitions 4",
    'sluice stream create CLICKS --durability os --message-bytes-max 64KiB --json',
    'sluice stream create EVENTS --max-age 7d --max-bytes 10GiB',
  ],
  describe: (command) => describeDurability(describeStreamOptions(command.argument('<stream>', 'its name'))),
  run: ({ output, withClient }, [stream], options) =>
    withClient(async (client) =>
      showStream(output, await client.streams.create(stream, streamConfigOf(options))),
    ),
})
