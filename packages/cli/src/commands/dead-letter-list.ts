// `sluice dead-letter list`

import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import { integer } from '../options/number-options.ts'
import { pattern } from '../options/text-options.ts'
import { showLetters } from '../output/letter-view.ts'
import type { LetterRows } from '../output/letter-view.ts'

interface Options {
  readonly match?: string
  readonly limit: number
}

const pageCountMax = 1_000

export const deadLetterList = defineCommand<[stream: string, consumer: string], Options>({
  path: ['dead-letter', 'list'],
  summary: 'list what a flow consumer has given up, oldest first',
  notes: 'The payloads are in the dead-letter stream: `sluice read STREAM.dlq --from OFFSET`.',
  examples: [
    'sluice dead-letter list ORDERS gateway',
    "sluice dead-letter list ORDERS gateway --match 'orders.premium.>' --limit 500 --json",
  ],
  describe,
  run: ({ output, withClient }, [stream, consumer], { match, limit }) =>
    withClient(async ({ consumers }) => {
      const { deadLetters } = await consumers.get(stream, consumer)
      const found: LetterRows = { letters: [], isMore: false }
      for await (const { letters } of deadLetters.pages({ match, count: Math.min(limit, pageCountMax) })) {
        const left = limit - found.letters.length
        found.letters.push(...letters.slice(0, left))
        found.isMore = letters.length > left
        if (found.isMore) break
      }
      await showLetters(output, found)
    }),
})

function describe(command: Command): Command {
  return command
    .argument('<stream>', 'stream that the consumer reads')
    .argument('<consumer>', 'its name')
    .option('--match <pattern>', 'those whose subject matches', pattern)
    .option('--limit <count>', 'most letters to list', integer(1, Number.MAX_SAFE_INTEGER), 100)
}
