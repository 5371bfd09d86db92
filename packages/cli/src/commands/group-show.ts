// `sluice group info`

import { defineCommand } from '../command.ts'
import { showGroup } from '../output/group-view.ts'

export const groupShow = defineCommand<[name: string]>({
  path: ['group', 'info'],
  summary: 'show a consumer group: members, offsets, and how far it is behind',
  examples: ['sluice group info billing', 'sluice group info billing --json'],
  describe: (command) => command.argument('<name>', 'its id'),
  run: ({ output, withClient }, [name]) =>
    withClient(async (client) => showGroup(output, await client.groups.get(name))),
})
