// `sluice consumer delete`

import { defineCommand } from '../command.ts'

export const consumerDelete = defineCommand<[stream: string, name: string]>({
  path: ['consumer', 'delete'],
  summary: 'delete a flow consumer, its rules and its progress',
  notes: 'The messages of the stream stay. It does not ask again, and there is no way back.',
  examples: ['sluice consumer delete ORDERS gateway'],
  describe: (command) => command.argument('<stream>', 'stream that it reads').argument('<name>', 'its name'),
  run: ({ output, withClient }, [stream, name]) =>
    withClient(async (client) => {
      await client.consumers.delete(stream, name)
      if (output.isJson) return output.document({ deleted: { stream, consumer: name } })
      await output.write(`Consumer ${name} of ${stream} is deleted\n`)
    }),
})
