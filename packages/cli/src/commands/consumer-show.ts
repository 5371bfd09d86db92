// `sluice consumer info`

import { defineCommand } from '../command.ts'
import { describePoolOptions } from '../options/pool-options.ts'
import type { PoolOptions } from '../options/pool-options.ts'
import { showConsumerView } from '../output/consumer-view.ts'

export const consumerShow = defineCommand<[stream: string, name: string], PoolOptions>({
  path: ['consumer', 'info'],
  summary: 'show a flow consumer: settings, counts, progress, and the subjects that do most',
  examples: [
    'sluice consumer info ORDERS gateway',
    'sluice consumer info ORDERS gateway --top 50 --by inflight',
    'sluice consumer info ORDERS gateway --json',
  ],
  describe: (command) =>
    describePoolOptions(
      command.argument('<stream>', 'stream that it reads').argument('<name>', 'its name'),
      0,
      10,
    ),
  run: ({ output, withClient }, [stream, name], { top, by }) =>
    withClient(async (client) => {
      const consumer = await client.consumers.get(stream, name)
      const stats = await consumer.stats()
      const pools = top === 0 ? [] : await consumer.pools({ top: by, count: top })
      await showConsumerView(output, { ...consumer.info, stats, pools })
    }),
})
