// `sluice consumer pause`

import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import { UsageError } from '../failure.ts'
import { duration } from '../options/number-options.ts'
import { pattern, time } from '../options/text-options.ts'
import { showConsumer } from '../output/consumer-view.ts'

interface Options {
  readonly match: string
  readonly until?: string
  readonly for?: number
}

const pauseMsMax = 3_650 * 24 * 3_600_000

export const consumerPause = defineCommand<[stream: string, name: string], Options>({
  path: ['consumer', 'pause'],
  summary: 'deliver nothing for a while: a consumer, a pattern, or one subject',
  notes: `What is in flight may be settled. A pause outlives the broker; it ends at its time or with
'consumer resume' for the same pattern. Pausing again moves the end.`,
  examples: [
    'sluice consumer pause ORDERS gateway',
    "sluice consumer pause ORDERS gateway --match 'orders.freemium.>' --for 10m",
    'sluice consumer pause ORDERS gateway --match orders.premium.u1 --until 2026-12-31T06:00:00Z',
  ],
  describe,
  run: ({ output, withClient }, [stream, name], { match, until, for: forMs }) => {
    if (until !== undefined && forMs !== undefined)
      throw new UsageError('--until and --for exclude each other')
    return withClient(async ({ consumers }) => {
      const end = forMs === undefined ? until : new Date(Date.now() + forMs)
      const consumer = await consumers.get(stream, name)
      await showConsumer(output, await consumer.pause({ match, until: end }))
    })
  },
})

function describe(command: Command): Command {
  return command
    .argument('<stream>', 'stream that it reads')
    .argument('<name>', 'its name')
    .option('--match <pattern>', 'which subjects', pattern, '>')
    .option('--until <time>', 'when it ends, such as 2026-12-31T06:00:00Z', time)
    .option('--for <duration>', 'how long it lasts', duration(1, pauseMsMax))
}
