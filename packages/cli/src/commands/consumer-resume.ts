// `sluice consumer resume`

import { defineCommand } from '../command.ts'
import { pattern } from '../options/text-options.ts'
import { showConsumer } from '../output/consumer-view.ts'

export const consumerResume = defineCommand<[stream: string, name: string], { readonly match: string }>({
  path: ['consumer', 'resume'],
  summary: 'end a pause',
  notes: 'The pattern is that of the pause, to the letter; `sluice consumer info` shows all pauses.',
  examples: [
    'sluice consumer resume ORDERS gateway',
    "sluice consumer resume ORDERS gateway --match 'orders.freemium.>'",
  ],
  describe: (command) =>
    command
      .argument('<stream>', 'stream that it reads')
      .argument('<name>', 'its name')
      .option('--match <pattern>', 'which pause', pattern, '>'),
  run: ({ output, withClient }, [stream, name], { match }) =>
    withClient(async ({ consumers }) => {
      const consumer = await consumers.get(stream, name)
      await showConsumer(output, await consumer.resume({ match }))
    }),
})
