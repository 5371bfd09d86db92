// `sluice consumer alter`

import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import { UsageError } from '../failure.ts'
import {
  alteredRules,
  consumerConfigOf,
  describeConsumerOptions,
  ruleNotes,
} from '../options/consumer-options.ts'
import type { ConsumerOptions } from '../options/consumer-options.ts'
import { pattern, repeated } from '../options/text-options.ts'
import { showConsumer } from '../output/consumer-view.ts'

type AlterOptions = ConsumerOptions & { readonly removeRule?: string[] }

export const consumerAlter = defineCommand<[stream: string, name: string], AlterOptions>({
  path: ['consumer', 'alter'],
  summary: 'change rules and settings of a flow consumer, live',
  notes: `What is not named stays as it is. --rule replaces the rule of one pattern and leaves the others;
--filter replaces all patterns. A lower limit holds for the next delivery and recalls nothing. Where a
consumer begins and how it acks is said once, at its creation.
${ruleNotes}`,
  examples: [
    "sluice consumer alter ORDERS gateway --rule 'orders.premium.>=50'",
    "sluice consumer alter ORDERS gateway --remove-rule 'orders.freemium.>' --max-inflight 2000",
    'sluice consumer alter ORDERS gateway --backoff none --ack-wait 1m --on-exhausted block',
  ],
  describe,
  run: ({ output, withClient }, [stream, name], { removeRule = [], ...options }) => {
    const { rules, ...settings } = consumerConfigOf(options)
    const isRuleChange = rules !== undefined || removeRule.length > 0
    if (!isRuleChange && Object.keys(settings).length === 0) {
      throw new UsageError('There is nothing to change: name an option')
    }
    return withClient(async ({ consumers }) => {
      const current = isRuleChange ? (await consumers.get(stream, name)).info.config.rules : []
      refuseUnknown(
        removeRule,
        current.map(({ match }) => match),
      )
      const changes = isRuleChange
        ? { ...settings, rules: alteredRules(current, rules ?? [], removeRule) }
        : settings
      await showConsumer(output, (await consumers.alter(stream, name, changes)).info)
    })
  },
})

function describe(command: Command): Command {
  command.argument('<stream>', 'stream that it reads').argument('<name>', 'its name')
  return describeConsumerOptions(command).option(
    '--remove-rule <pattern>',
    'take off the rule of this pattern; repeatable',
    repeated(pattern),
  )
}

function refuseUnknown(removed: readonly string[], present: readonly string[]): void {
  const unknown = removed.find((match) => !present.includes(match))
  if (unknown === undefined) return
  throw new UsageError(`There is no rule '${unknown}' to remove; there is ${present.join(', ') || 'none'}`)
}
