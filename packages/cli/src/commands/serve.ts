// `sluice serve`: handed on as it is; the broker's table of properties has its flags.

import { defineCommand } from '../command.ts'

export const serve = defineCommand<[flags: string[]]>({
  path: ['serve'],
  summary: 'run a broker',
  examples: ['sluice serve --data-dir /var/lib/sluice', 'sluice serve --listen 127.0.0.1:0 --json'],
  isOffline: true,
  describe: (command) => command.argument('[flags...]').allowUnknownOption(),
  run: ({ output, broker }, [flags]) => broker.serve(output.isJson ? [...flags, '--json'] : flags),
})
