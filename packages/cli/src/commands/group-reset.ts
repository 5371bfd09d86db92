// `sluice group reset`

import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import { UsageError } from '../failure.ts'
import { groupOffset } from '../options/group-options.ts'
import type { GroupTarget } from '../options/group-options.ts'
import { integer } from '../options/number-options.ts'
import { partitionMax } from '../options/text-options.ts'
import { showGroupOffsets } from '../output/group-view.ts'

interface Options {
  readonly to: GroupTarget
  readonly stream?: string
  readonly partition?: number
}

export const groupReset = defineCommand<[name: string], Options>({
  path: ['group', 'reset'],
  summary: 'have a consumer group go on elsewhere',
  notes: `Only a group without members: those that read would go on as they were and commit over it. There is
no --force; stop the members first. What is not kept any more becomes the nearest offset that is.`,
  examples: [
    'sluice group reset billing --to earliest',
    'sluice group reset billing --to 2026-01-31T08:00:00Z --stream ORDERS',
    'sluice group reset billing --to 1200 --stream ORDERS --partition 0',
  ],
  describe,
  run: ({ output, withClient }, [name], { to, stream, partition }) => {
    if (partition !== undefined && stream === undefined)
      throw new UsageError('A partition belongs to one stream: --partition needs --stream')
    return withClient(async (client) => {
      const partitions = partition === undefined ? undefined : [partition]
      await showGroupOffsets(output, await client.groups.resetOffsets(name, { to, stream, partitions }))
    })
  },
})

function describe(command: Command): void {
  command
    .argument('<name>', 'its id')
    .requiredOption('--to <place>', 'earliest, latest, an offset, or a time', groupOffset)
    .option('--stream <name>', 'only in this stream; default: all that it has offsets in')
    .option('--partition <index>', 'only in this partition of the stream', integer(0, partitionMax))
}
