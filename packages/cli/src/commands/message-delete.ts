// `sluice message delete`

import type { MessagePlace } from '@sluice/client'
import { defineCommand } from '../command.ts'
import { confirm, describeConfirmation } from '../confirmation.ts'
import type { ConfirmationOptions } from '../confirmation.ts'
import { place, repeated } from '../options/text-options.ts'
import { countText } from '../output/values.ts'

export const messageDelete = defineCommand<[stream: string, places: MessagePlace[]], ConfirmationOptions>({
  path: ['message', 'delete'],
  summary: 'remove single messages of a stream for good',
  notes: 'A place is PARTITION:OFFSET, as `sluice read` shows it. What is gone already does not count.',
  examples: [
    'sluice message delete ORDERS 0:1200 --yes',
    'sluice message delete ORDERS 0:1200 3:7 --yes --json',
  ],
  describe: (command) =>
    describeConfirmation(
      command
        .argument('<stream>', 'stream that has them')
        .argument('<places...>', 'which messages', repeated(place)),
    ),
  run: async (context, [stream, places], options) => {
    await confirm(context, options, `remove ${countText(places.length, 'message')} of ${stream}`)
    await context.withClient(async ({ streams }) => {
      const removed = await streams.deleteMessages(stream, places)
      if (context.output.isJson) return context.output.document({ stream, removed })
      await context.output.write(`${stream}: ${countText(removed, 'message')} removed\n`)
    })
  },
})
