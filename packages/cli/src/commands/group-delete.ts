// `sluice group delete`

import { defineCommand } from '../command.ts'

export const groupDelete = defineCommand<[name: string]>({
  path: ['group', 'delete'],
  summary: 'forget a consumer group and how far it has come',
  notes: 'Only a group without members. It does not ask again, and there is no way back.',
  examples: ['sluice group delete billing'],
  describe: (command) => command.argument('<name>', 'its id'),
  run: ({ output, withClient }, [name]) =>
    withClient(async (client) => {
      await client.groups.delete(name)
      if (output.isJson) return output.document({ deleted: { group: name } })
      await output.write(`Group ${name} is deleted\n`)
    }),
})
