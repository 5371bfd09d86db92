// `sluice stream list`

import { defineCommand } from '../command.ts'
import { showStreams } from '../output/stream-view.ts'

export const streamList = defineCommand<[]>({
  path: ['stream', 'list'],
  summary: 'list all streams',
  examples: ['sluice stream list', 'sluice stream list --json --server 10.0.0.5:9898'],
  describe: () => {},
  run: ({ output, withClient }) =>
    withClient(async (client) => showStreams(output, await client.streams.list())),
})
