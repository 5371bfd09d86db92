// `sluice read`: the messages of a stream in offset order, without a flow consumer.

import type { Client, LogBatch, LogStart } from '@sluice/client'
import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import { UsageError } from '../failure.ts'
import { untilInterrupted } from '../interruption.ts'
import { describeFormat, formatOf } from '../options/format-options.ts'
import { integer } from '../options/number-options.ts'
import { logStart } from '../options/text-options.ts'
import { messageBytes } from '../output/message-format.ts'
import type { MessageFormat } from '../output/message-format.ts'
import type { Output } from '../output/output.ts'

interface Options {
  readonly partition?: number
  readonly from: LogStart
  readonly limit?: number
  readonly follow?: boolean
  readonly format?: MessageFormat
}

export const read = defineCommand<[stream: string], Options>({
  path: ['read'],
  summary: 'print messages of a stream',
  notes: `Reading changes nothing and needs no consumer. Without --partition all partitions are read: one
after the other, or side by side with --follow. A place is first, last, next, an offset, or a time of ISO
8601.`,
  examples: [
    'sluice read ORDERS',
    'sluice read ORDERS --from last',
    'sluice read ORDERS --partition 0 --from 1200 --limit 10 --format json',
    'sluice read ORDERS --from 2026-01-31T08:00:00Z --format raw',
    'sluice read ORDERS --from next --follow --json',
  ],
  describe,
  run: ({ output, withClient, surroundings }, [stream], options) => {
    const format = formatOf(options.format, output.isJson)
    return withClient((client) =>
      untilInterrupted(surroundings, async (stop) => {
        const partitions = await partitionsOf(client, stream, options)
        const reading = new Reading({ client, stream, options, stop, show: shower(output, stream, format) })
        await reading.run(partitions)
      }),
    )
  },
})

function describe(command: Command): Command {
  command
    .argument('<stream>', 'its name')
    .option('--partition <index>', 'read this partition alone', integer(0, 0xffff))
    .option('--from <place>', 'where to begin', logStart, 'first')
    .option('--limit <count>', 'end after so many messages', integer(1, Number.MAX_SAFE_INTEGER))
    .option('--follow', 'go on with what is published later')
  return describeFormat(command)
}

async function partitionsOf(client: Client, stream: string, { partition, from }: Options): Promise<number[]> {
  if (partition !== undefined) return [partition]
  const { partitions } = await client.streams.get(stream)
  if (partitions.length > 1 && typeof from === 'object' && 'offset' in from) {
    throw new UsageError(
      `An offset belongs to one partition, and ${stream} has ${partitions.length}; add --partition`,
    )
  }
  return partitions.map((one) => one.partition)
}

type Show = (records: LogBatch['records']) => Promise<void>

function shower(output: Output, stream: string, format: MessageFormat): Show {
  return (records) => {
    const shown = records.map(({ partition, offset, timestamp, key, data, headers }) =>
      messageBytes({ stream, partition, offset, timestamp, key, data, headers }, format),
    )
    return output.write(Buffer.concat(shown))
  }
}

interface ReadingParts {
  readonly client: Client
  readonly stream: string
  readonly options: Options
  readonly stop: AbortController
  readonly show: Show
}

/** One reading of one or more partitions, with a limit over all of them. */
class Reading {
  readonly #parts: ReadingParts
  #left: number

  constructor(parts: ReadingParts) {
    this.#parts = parts
    this.#left = parts.options.limit ?? Infinity
  }

  async run(partitions: readonly number[]): Promise<void> {
    const { options, stop } = this.#parts
    if (options.follow !== true) {
      for (const partition of partitions) if (!stop.signal.aborted) await this.#read(partition)
      return
    }
    const readers = partitions.map(async (partition) => {
      try {
        await this.#read(partition)
      } finally {
        // Why: whichever ends first, by the limit or by an error, ends the others.
        stop.abort()
      }
    })
    const outcomes = await Promise.allSettled(readers)
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async #read(partition: number): Promise<void> {
    const { client, stream, options, stop, show } = this.#parts
    const { from, follow } = options
    for await (const { records } of client
      .log(stream)
      .read({ partition, from, follow, signal: stop.signal })) {
      const wanted = records.slice(0, this.#left)
      this.#left -= wanted.length
      if (wanted.length > 0) await show(wanted)
      if (this.#left === 0) {
        stop.abort()
        return
      }
    }
  }
}
