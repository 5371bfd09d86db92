// `sluice consumer list`

import { defineCommand } from '../command.ts'
import { showConsumers } from '../output/consumer-view.ts'

export const consumerList = defineCommand<[stream: string]>({
  path: ['consumer', 'list'],
  summary: 'list the flow consumers of a stream',
  examples: ['sluice consumer list ORDERS', 'sluice consumer list ORDERS --json'],
  describe: (command) => command.argument('<stream>', 'stream that they read'),
  run: ({ output, withClient }, [stream]) =>
    withClient(async (client) => {
      const consumers = await client.consumers.list(stream)
      await showConsumers(
        output,
        consumers.map(({ info }) => info),
      )
    }),
})
