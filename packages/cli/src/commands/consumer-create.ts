// `sluice consumer create`

import { defineCommand } from '../command.ts'
import {
  consumerConfigOf,
  describeBeginning,
  describeConsumerOptions,
  ruleNotes,
} from '../options/consumer-options.ts'
import type { ConsumerOptions } from '../options/consumer-options.ts'
import { showConsumer } from '../output/consumer-view.ts'

export const consumerCreate = defineCommand<[stream: string, name: string], ConsumerOptions>({
  path: ['consumer', 'create'],
  summary: 'create a flow consumer with its rules',
  notes: `${ruleNotes} A literal subject wins over patterns; of several patterns without
captures the smallest limit counts. Creating a consumer that exists with the same configuration is no error.`,
  examples: [
    'sluice consumer create ORDERS audit',
    "sluice consumer create ORDERS gateway --rule 'orders.premium.>=30' --rule 'orders.freemium.>=1'",
    "sluice consumer create ORDERS mail --filter 'orders.*.paid' --max-deliver 5 --backoff 100ms,1s,30s",
    "sluice consumer create ORDERS fair --rule 'orders.*.{tenant}.> limit=5 total=50 rate=10/s burst=20'",
    'sluice consumer create ORDERS live --deliver-from new --ack-policy none --on-exhausted drop',
  ],
  describe: (command) =>
    describeBeginning(
      describeConsumerOptions(
        command.argument('<stream>', 'stream that it reads').argument('<name>', 'its name'),
      ),
    ),
  run: ({ output, withClient }, [stream, name], options) =>
    withClient(async (client) => {
      const consumer = await client.consumers.create(stream, { name, ...consumerConfigOf(options) })
      await showConsumer(output, consumer.info)
    }),
})
