// `sluice stream info`

import { defineCommand } from '../command.ts'
import { showStream } from '../output/stream-view.ts'

export const streamShow = defineCommand<[stream: string]>({
  path: ['stream', 'info'],
  summary: 'show a stream and its partitions',
  examples: ['sluice stream info ORDERS', 'sluice stream info ORDERS --json'],
  describe: (command) => command.argument('<stream>', 'its name'),
  run: ({ output, withClient }, [stream]) =>
    withClient(async (client) => showStream(output, await client.streams.get(stream))),
})
