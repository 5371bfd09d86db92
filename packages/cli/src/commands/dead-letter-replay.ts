// `sluice dead-letter replay`

import { defineCommand } from '../command.ts'
import { describeLetterOptions, letterChoice } from '../options/letter-options.ts'
import type { LetterArgs, LetterOptions } from '../options/letter-options.ts'
import { countText } from '../output/values.ts'

export const deadLetterReplay = defineCommand<LetterArgs, LetterOptions>({
  path: ['dead-letter', 'replay'],
  summary: 'publish dead letters to their stream anew',
  notes: 'Each is a new message, for every consumer of the stream; its letter is removed. At least once.',
  examples: [
    'sluice dead-letter replay ORDERS gateway 0:17 0:18',
    "sluice dead-letter replay ORDERS gateway --match 'orders.premium.>'",
    'sluice dead-letter replay ORDERS gateway --all --json',
  ],
  describe: describeLetterOptions,
  run: ({ output, withClient }, [stream, name, places], options) => {
    const choice = letterChoice(places, options)
    return withClient(async ({ consumers }) => {
      const consumer = await consumers.get(stream, name)
      const replayed = await consumer.deadLetters.replay(choice)
      if (output.isJson) return output.document({ stream, consumer: name, replayed })
      await output.write(`${countText(replayed, 'dead letter')} replayed to ${stream}\n`)
    })
  },
})
