// `sluice consumer unblock`

import type { BlockedDecision } from '@sluice/client'
import { Argument } from 'commander'
import { defineCommand } from '../command.ts'
import { countText } from '../output/values.ts'

type Args = [stream: string, name: string, subject: string, decision: BlockedDecision]

export const consumerUnblock = defineCommand<Args>({
  path: ['consumer', 'unblock'],
  summary: 'decide on the blocked messages of a subject',
  notes: `retry: attempts count anew. dead-letter: they go to the dead-letter stream. drop: they are
settled. In each case the subject is delivered again.`,
  examples: [
    'sluice consumer unblock ORDERS gateway orders.freemium.u1 retry',
    'sluice consumer unblock ORDERS gateway orders.freemium.u1 dead-letter --json',
  ],
  describe: (command) =>
    command
      .argument('<stream>', 'stream that it reads')
      .argument('<name>', 'its name')
      .argument('<subject>', 'one subject, no pattern')
      .addArgument(
        new Argument('<decision>', 'what becomes of them').choices(['retry', 'dead-letter', 'drop']),
      ),
  run: ({ output, withClient }, [stream, name, subject, decision]) =>
    withClient(async ({ consumers }) => {
      const consumer = await consumers.get(stream, name)
      const records = await consumer.unblock(subject, decision)
      if (output.isJson) return output.document({ stream, consumer: name, subject, decision, records })
      await output.write(`${subject}: ${countText(records, 'message')}, ${decision}\n`)
    }),
})
