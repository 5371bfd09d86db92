// `sluice group list`

import { defineCommand } from '../command.ts'
import { showGroups } from '../output/group-view.ts'

export const groupList = defineCommand<[]>({
  path: ['group', 'list'],
  summary: 'list the consumer groups of Kafka clients',
  examples: ['sluice group list', 'sluice group list --json'],
  describe: () => {},
  run: ({ output, withClient }) =>
    withClient(async (client) => showGroups(output, await client.groups.list())),
})
