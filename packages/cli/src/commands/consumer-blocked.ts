// `sluice consumer blocked`

import { defineCommand } from '../command.ts'
import { integer } from '../options/number-options.ts'
import { showBlocked } from '../output/blocked-view.ts'

const countMax = 10_000

export const consumerBlocked = defineCommand<[stream: string, name: string], { readonly limit: number }>({
  path: ['consumer', 'blocked'],
  summary: 'list messages that wait for a decision',
  notes: 'With --on-exhausted block, a message whose last attempt failed holds its subject.',
  examples: [
    'sluice consumer blocked ORDERS gateway',
    'sluice consumer blocked ORDERS gateway --limit 5 --json',
  ],
  describe: (command) =>
    command
      .argument('<stream>', 'stream that it reads')
      .argument('<name>', 'its name')
      .option('--limit <count>', 'most messages to list', integer(1, countMax), 100),
  run: ({ output, withClient }, [stream, name], { limit }) =>
    withClient(async ({ consumers }) => {
      const consumer = await consumers.get(stream, name)
      await showBlocked(output, await consumer.blocked({ count: limit }))
    }),
})
