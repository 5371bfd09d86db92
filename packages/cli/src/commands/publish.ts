// `sluice publish`: messages from the command line, a file or standard input.

import { Option } from 'commander'
import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import type { CommandContext } from '../command.ts'
import { UsageError } from '../failure.ts'
import { integer } from '../options/number-options.ts'
import { header, repeated } from '../options/text-options.ts'
import type { Output } from '../output/output.ts'
import { countText } from '../output/values.ts'
import { lineMessages, openInput, readWhole, repeatedMessages } from '../publish-input.ts'
import type { MessageTemplate, MessageGroups } from '../publish-input.ts'
import { PublishedTally } from '../published-tally.ts'

interface Options {
  readonly header?: [name: string, value: string][]
  readonly file?: string
  readonly lines?: boolean
  readonly tombstone?: boolean
  readonly count?: number
}

type Arguments = [stream: string, subject: string, data: string | undefined]

export const publish = defineCommand<Arguments, Options>({
  path: ['publish'],
  summary: 'publish messages, and print their partition and offset',
  notes: `The data is DATA, the content of --file, or else of standard input, as it is. The command ends when
the message is as durable as the stream promises. With --count or --lines, {n} in SUBJECT and DATA is the
number of the message, from 1, and --json prints one document per message. When one of many is refused, those
before it stay.`,
  examples: [
    "sluice publish ORDERS orders.freemium.u1 'hello'",
    'sluice publish ORDERS orders.premium.u2 --header trace=abc --header tenant=u2 --file order.json',
    "sluice publish ORDERS 'orders.freemium.u{n}' 'message {n}' --count 1000",
    'sluice publish ORDERS orders.import --lines --file orders.ndjson',
    'sluice publish USERS users.u1 --tombstone',
  ],
  describe,
  run: async (context, [stream, subject, data], options) => {
    checkSources(data, options)
    const isStdin = data === undefined && options.file === undefined && options.tombstone !== true
    if (isStdin && context.surroundings.stdin.isTTY === true) {
      throw new UsageError('There is no data: give DATA, --file or --tombstone, or pipe it in')
    }
    const template: MessageTemplate = { subject, headers: Object.fromEntries(options.header ?? []) }
    const groups = await messagesOf(context, template, data, options)
    await publishAll(context, stream, groups, options.count !== undefined || options.lines === true)
  },
})

function describe(command: Command): Command {
  return command
    .argument('<stream>', 'its name')
    .argument('<subject>', 'subject of the message')
    .argument('[data]', 'data of the message, as text')
    .option('--file <path>', 'take the data from a file')
    .option('--header <name=value>', 'repeatable', repeated(header))
    .option('--tombstone', 'publish a message without data')
    .addOption(new Option('--lines', 'publish each line as a message').conflicts(['count', 'tombstone']))
    .addOption(new Option('--count <count>', 'publish it so many times').argParser(integer(1, 1_000_000_000)))
}

function checkSources(data: string | undefined, { file, tombstone, lines }: Options): void {
  const named = [
    data !== undefined && 'DATA',
    file !== undefined && '--file',
    tombstone === true && '--tombstone',
  ]
  const given = named.filter((name) => name !== false)
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} exclude each other`)
  if (lines === true && data !== undefined)
    throw new UsageError('--lines reads a file or standard input, not DATA')
}

async function messagesOf(
  { surroundings }: CommandContext,
  template: MessageTemplate,
  data: string | undefined,
  { file, lines, tombstone, count }: Options,
): Promise<MessageGroups> {
  if (tombstone === true) return repeatedMessages(template, null, count)
  if (data !== undefined) return repeatedMessages(template, data, count)
  const input = await openInput(file, surroundings.stdin)
  if (lines === true) return lineMessages(template, input)
  return repeatedMessages(template, await readWhole(input), count)
}

/** One group after the other, so that what is confirmed is always a beginning of what was given. */
async function publishAll(
  { output, withClient }: CommandContext,
  stream: string,
  groups: MessageGroups,
  isMany: boolean,
): Promise<void> {
  const tally = new PublishedTally()
  try {
    await withClient(async (client) => {
      for await (const group of groups) {
        const published = await client.publishBatch(stream, group)
        for (const place of published) tally.add(place)
        if (!output.isJson) continue
        await output.write(published.map((place) => `${JSON.stringify({ stream, ...place })}\n`).join(''))
      }
    })
  } catch (error) {
    if (isMany && tally.count > 0)
      output.notice(`${countText(tally.count, 'message')} published before this failed:`)
    throw error
  } finally {
    if (!output.isJson && tally.count > 0) await showTally(output, stream, tally, isMany)
  }
}

async function showTally(
  output: Output,
  stream: string,
  tally: PublishedTally,
  isMany: boolean,
): Promise<void> {
  const [first] = tally.partitions
  if (!isMany) return output.write(`${stream}: partition ${first!.partition}, offset ${first!.firstOffset}\n`)
  await output.table(PublishedTally.columns, tally.partitions)
}
