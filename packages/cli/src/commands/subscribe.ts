// `sluice subscribe`: a member of a flow consumer that prints what it is given, or runs a command for it.

import { Option } from 'commander'
import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import { UsageError } from '../failure.ts'
import { untilInterrupted } from '../interruption.ts'
import { describeFormat, formatOf } from '../options/format-options.ts'
import { integer } from '../options/number-options.ts'
import type { MessageFormat } from '../output/message-format.ts'
import { Subscriber } from '../subscriber.ts'

interface Options {
  readonly window?: number
  readonly concurrency?: number
  readonly limit?: number
  readonly ack: 'auto' | 'none'
  readonly exec?: string
  readonly format?: MessageFormat
}

const windowMax = 1 << 20

export const subscribe = defineCommand<[stream: string, consumer: string], Options>({
  path: ['subscribe'],
  summary: 'take messages of a flow consumer and print them',
  notes: `A message is acked once it is printed. With --ack none it is held, so that it stays in flight, and
given back when the command ends. With --exec a shell runs the command for each message, with the data as its
standard input and SLUICE_STREAM, _PARTITION, _OFFSET, _SUBJECT and _ATTEMPT in its environment; exit code 0
acks, any other nacks. SIGINT ends in order: nothing more is taken, what runs is finished. A
second one ends at once.`,
  examples: [
    'sluice subscribe ORDERS gateway',
    'sluice subscribe ORDERS gateway --limit 10 --format json',
    'sluice subscribe ORDERS gateway --ack none --window 1000',
    "sluice subscribe ORDERS gateway --concurrency 8 --exec 'curl -fsS -d @- http://localhost:3000'",
  ],
  describe,
  run: async ({ output, withClient, surroundings }, [stream, consumer], options) => {
    const format = formatOf(options.format, output.isJson)
    const { exec: command, ack, limit = Infinity, concurrency, window } = options
    if (command !== undefined && ack === 'none')
      throw new UsageError('--exec and --ack none exclude each other')
    await withClient((client) =>
      untilInterrupted(surroundings, async (stop) => {
        const subscriber = new Subscriber({ output, format, isHeld: ack === 'none', command, limit, stop })
        await subscriber.run(await client.consumers.get(stream, consumer), { concurrency, window })
      }),
    )
  },
})

function describe(command: Command): Command {
  command
    .argument('<stream>', 'stream that the consumer reads')
    .argument('<consumer>', 'its name')
    .option('--window <count>', 'most unsettled messages out here', integer(1, windowMax))
    .option('--concurrency <count>', 'most messages worked on at a time', integer(1, windowMax))
    .option('--limit <count>', 'end after so many messages', integer(1, Number.MAX_SAFE_INTEGER))
    .addOption(
      new Option('--ack <mode>', 'ack what is printed, or hold it').choices(['auto', 'none']).default('auto'),
    )
    .option('--exec <command>', 'run a command for each message instead of printing it')
  return describeFormat(command)
}
