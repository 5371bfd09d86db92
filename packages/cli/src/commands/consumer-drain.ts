// `sluice consumer drain`

import { defineCommand } from '../command.ts'
import { confirm, describeConfirmation } from '../confirmation.ts'
import type { ConfirmationOptions } from '../confirmation.ts'
import { pattern } from '../options/text-options.ts'
import { countText } from '../output/values.ts'

export const consumerDrain = defineCommand<
  [stream: string, name: string, match: string],
  ConfirmationOptions
>({
  path: ['consumer', 'drain'],
  summary: 'settle everything up to now that matches, undelivered',
  notes: 'For this consumer alone. What is in flight goes on, and the messages stay in the stream.',
  examples: [
    'sluice consumer drain ORDERS gateway orders.freemium.u1 --yes',
    "sluice consumer drain ORDERS gateway 'orders.freemium.>' --yes --json",
  ],
  describe: (command) =>
    describeConfirmation(
      command
        .argument('<stream>', 'stream that it reads')
        .argument('<name>', 'its name')
        .argument('<pattern>', 'which subjects; > for all', pattern),
    ),
  run: async (context, [stream, name, match], options) => {
    await confirm(context, options, `settle what matches ${match} for ${name} of ${stream}`)
    await context.withClient(async ({ consumers }) => {
      const consumer = await consumers.get(stream, name)
      const drained = await consumer.drain(match)
      if (context.output.isJson) return context.output.document({ stream, consumer: name, drained })
      await context.output.write(`${countText(drained, 'message')} settled undelivered\n`)
    })
  },
})
