// `sluice stream purge`

import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import { confirm, describeConfirmation } from '../confirmation.ts'
import type { ConfirmationOptions } from '../confirmation.ts'
import { UsageError } from '../failure.ts'
import { integer } from '../options/number-options.ts'
import { partitionMax, pattern } from '../options/text-options.ts'
import { countText } from '../output/values.ts'

interface Options extends ConfirmationOptions {
  readonly match?: string
  readonly partition?: number
  readonly before?: number
}

export const streamPurge = defineCommand<[stream: string], Options>({
  path: ['stream', 'purge'],
  summary: 'remove messages of a stream for good',
  notes: `Without --match, --partition and --before all messages are removed; of several, what meets each of
them. Consumers, rules and configuration stay; what was in flight counts as settled, and its place is free.`,
  examples: [
    'sluice stream purge ORDERS --yes',
    "sluice stream purge ORDERS --match 'orders.freemium.>'",
    'sluice stream purge ORDERS --partition 0 --before 120000 --yes --json',
  ],
  describe,
  run: async (context, [stream], options) => {
    const { match, partition, before } = options
    if (before !== undefined && partition === undefined)
      throw new UsageError('An offset belongs to one partition: --before needs --partition')
    await confirm(context, options, `remove ${extentText(options)} of ${stream}`)
    await context.withClient(async ({ streams }) => {
      const removed = await streams.purge(stream, { match, partition, before })
      if (context.output.isJson) return context.output.document({ stream, removed })
      await context.output.write(`${stream}: ${countText(removed, 'message')} removed\n`)
    })
  },
})

function describe(command: Command): Command {
  command
    .argument('<stream>', 'its name')
    .option('--match <pattern>', 'only messages whose subject matches', pattern)
    .option('--partition <index>', 'only messages of this partition', integer(0, partitionMax))
    .option(
      '--before <offset>',
      'only messages of the partition below it',
      integer(0, Number.MAX_SAFE_INTEGER),
    )
  return describeConfirmation(command)
}

function extentText({ match, partition, before }: Options): string {
  const bounds = [
    ...(match === undefined ? [] : [`that match ${match}`]),
    ...(partition === undefined ? [] : [`in partition ${partition}`]),
    ...(before === undefined ? [] : [`below offset ${before}`]),
  ]
  return ['all messages', ...bounds].join(' ')
}
