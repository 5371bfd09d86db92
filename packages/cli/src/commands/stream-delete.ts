// `sluice stream delete`

import { defineCommand } from '../command.ts'

export const streamDelete = defineCommand<[stream: string]>({
  path: ['stream', 'delete'],
  summary: 'delete a stream with its messages and consumers',
  notes: 'It does not ask again, and there is no way back.',
  examples: ['sluice stream delete ORDERS'],
  describe: (command) => command.argument('<stream>', 'its name'),
  run: ({ output, withClient }, [stream]) =>
    withClient(async (client) => {
      await client.streams.delete(stream)
      if (output.isJson) return output.document({ deleted: { stream } })
      await output.write(`Stream ${stream} is deleted\n`)
    }),
})
