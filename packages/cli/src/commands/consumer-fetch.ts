// `sluice consumer fetch`: takes so many messages of a flow consumer, prints them, and ends.

import { Option } from 'commander'
import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import { describeFormat, formatOf } from '../options/format-options.ts'
import { duration, integer } from '../options/number-options.ts'
import { messageBytes } from '../output/message-format.ts'
import type { MessageFormat } from '../output/message-format.ts'

interface Options {
  readonly count: number
  readonly timeout: number
  readonly ack: 'auto' | 'none'
  readonly format?: MessageFormat
}

const countMax = 100_000
const timeoutMsMax = 3_600_000

export const consumerFetch = defineCommand<[stream: string, name: string], Options>({
  path: ['consumer', 'fetch'],
  summary: 'take some messages of a flow consumer, print them, and end',
  notes: `It ends when it has as many as asked for, or when the time is over. What was printed is acked; with
--ack none it is given back, without counting an attempt.`,
  examples: [
    'sluice consumer fetch ORDERS gateway',
    'sluice consumer fetch ORDERS gateway --count 100 --timeout 5s --format json',
    'sluice consumer fetch ORDERS gateway --count 10 --ack none',
  ],
  describe,
  run: ({ output, withClient }, [stream, name], { count, timeout, ack, format }) => {
    const shownAs = formatOf(format, output.isJson)
    return withClient(async ({ consumers }) => {
      const consumer = await consumers.get(stream, name)
      const messages = await consumer.fetch(count, { timeoutMs: timeout })
      for (const message of messages) await output.write(messageBytes(message, shownAs))
      await Promise.all(messages.map((message) => (ack === 'auto' ? message.ack() : message.release())))
    })
  },
})

function describe(command: Command): Command {
  command
    .argument('<stream>', 'stream that it reads')
    .argument('<name>', 'its name')
    .option('--count <count>', 'most messages to take', integer(1, countMax), 1)
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for them')
        .argParser(duration(1, timeoutMsMax))
        .default(1_000, '1s'),
    )
    .addOption(
      new Option('--ack <mode>', 'ack what is printed, or give it back')
        .choices(['auto', 'none'])
        .default('auto'),
    )
  return describeFormat(command)
}
