// `sluice consumer explain`

import { defineCommand } from '../command.ts'
import { showExplanation } from '../output/consumer-view.ts'

export const consumerExplain = defineCommand<[stream: string, name: string, subject: string]>({
  path: ['consumer', 'explain'],
  summary: 'say why the next message of a subject is, or is not, delivered',
  examples: [
    'sluice consumer explain ORDERS gateway orders.freemium.u1',
    'sluice consumer explain ORDERS gateway orders.freemium.u1 --json',
  ],
  describe: (command) =>
    command
      .argument('<stream>', 'stream that it reads')
      .argument('<name>', 'its name')
      .argument('<subject>', 'one subject, no pattern'),
  run: ({ output, withClient }, [stream, name, subject]) =>
    withClient(async (client) => {
      const consumer = await client.consumers.get(stream, name)
      await showExplanation(output, await consumer.explain(subject))
    }),
})
