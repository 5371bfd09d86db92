// `sluice dead-letter drop`

import { defineCommand } from '../command.ts'
import { confirm, describeConfirmation } from '../confirmation.ts'
import type { ConfirmationOptions } from '../confirmation.ts'
import { choiceText, describeLetterOptions, letterChoice } from '../options/letter-options.ts'
import type { LetterArgs, LetterOptions } from '../options/letter-options.ts'
import { countText } from '../output/values.ts'

export const deadLetterDrop = defineCommand<LetterArgs, LetterOptions & ConfirmationOptions>({
  path: ['dead-letter', 'drop'],
  summary: 'remove dead letters for good',
  examples: [
    'sluice dead-letter drop ORDERS gateway 0:17 --yes',
    'sluice dead-letter drop ORDERS gateway --all --yes --json',
  ],
  describe: (command) => describeConfirmation(describeLetterOptions(command)),
  run: async (context, [stream, name, places], options) => {
    const choice = letterChoice(places, options)
    await confirm(context, options, `remove ${choiceText(choice)} of ${name} of ${stream}`)
    await context.withClient(async ({ consumers }) => {
      const consumer = await consumers.get(stream, name)
      const dropped = await consumer.deadLetters.drop(choice)
      if (context.output.isJson) return context.output.document({ stream, consumer: name, dropped })
      await context.output.write(`${countText(dropped, 'dead letter')} removed\n`)
    })
  },
})
