// `sluice consumer info`

import { Option } from 'commander'
import { defineCommand } from '../command.ts'
import { integer } from '../options/number-options.ts'
import { showConsumerView } from '../output/consumer-view.ts'

interface Options {
  readonly top: number
  readonly by: 'parked' | 'inflight'
}

const topMax = 1_000

export const consumerShow = defineCommand<[stream: string, name: string], Options>({
  path: ['consumer', 'info'],
  summary: 'show a flow consumer: settings, counts, progress, and the subjects that do most',
  examples: [
    'sluice consumer info ORDERS gateway',
    'sluice consumer info ORDERS gateway --top 50 --by inflight',
    'sluice consumer info ORDERS gateway --json',
  ],
  describe: (command) =>
    command
      .argument('<stream>', 'stream that it reads')
      .argument('<name>', 'its name')
      .option('--top <count>', 'how many subjects to show', integer(0, topMax), 10)
      .addOption(
        new Option('--by <count>', 'which subjects come first')
          .choices(['parked', 'inflight'])
          .default('parked'),
      ),
  run: ({ output, withClient }, [stream, name], { top, by }) =>
    withClient(async (client) => {
      const consumer = await client.consumers.get(stream, name)
      const stats = await consumer.stats()
      const pools = top === 0 ? [] : await consumer.pools({ top: by, count: top })
      await showConsumerView(output, { ...consumer.info, stats, pools })
    }),
})
