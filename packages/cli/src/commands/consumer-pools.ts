// `sluice consumer pools`

import { defineCommand } from '../command.ts'
import { describePoolOptions } from '../options/pool-options.ts'
import type { PoolOptions } from '../options/pool-options.ts'
import { showPools } from '../output/consumer-view.ts'

export const consumerPools = defineCommand<[stream: string, name: string], PoolOptions>({
  path: ['consumer', 'pools'],
  summary: 'list the subjects of a flow consumer that do most, or wait longest',
  examples: [
    'sluice consumer pools ORDERS gateway',
    'sluice consumer pools ORDERS gateway --by oldest --top 5',
    'sluice consumer pools ORDERS gateway --by inflight --json',
  ],
  describe: (command) =>
    describePoolOptions(
      command.argument('<stream>', 'stream that it reads').argument('<name>', 'its name'),
      1,
      20,
    ),
  run: ({ output, withClient }, [stream, name], { top, by }) =>
    withClient(async ({ consumers }) => {
      const consumer = await consumers.get(stream, name)
      await showPools(output, await consumer.pools({ top: by, count: top }))
    }),
})
