// `sluice serve` whose shards can be made to fail, see tests/support/crashable-shard.ts.

import { serve } from '../../packages/broker/src/serve.ts'

const serving = await serve(process.argv.slice(3), {
  environment: {},
  writeOut: (line) => process.stdout.write(line),
  writeError: (line) => process.stderr.write(line),
  failed: () => process.exit(1),
  shardThread: new URL('crashable-shard.ts', import.meta.url),
})
process.on('SIGTERM', () => void serving!.broker.close().then(() => process.exit(0)))
process.stdout.write(serving!.readyLine)
