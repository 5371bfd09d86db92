// `sluice version`

import process from 'node:process'
import { defineCommand } from '../command.ts'

export const version = defineCommand<[]>({
  path: ['version'],
  summary: 'print the version; with --server also that of the broker',
  examples: ['sluice version', 'sluice version --server 127.0.0.1:9898 --json'],
  describe: () => {},
  run: async ({ output, broker, isServerNamed, withClient }) => {
    const info = isServerNamed ? await withClient((client) => client.broker()) : undefined
    if (output.isJson) {
      return output.document({
        version: broker.version,
        node: process.versions.node,
        ...(info && { broker: info }),
      })
    }
    await output.write(`sluice ${broker.version}\n`)
    if (info !== undefined) await output.write(`broker ${info.name} ${info.version}\n`)
  },
})
