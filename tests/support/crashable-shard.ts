// What the threads of tests/support/crashable-broker.ts run: a shard that fails as soon as there is a file of
// its number in the folder that SLUICE_TEST_CRASHES names.

import { existsSync, rmSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import '../../packages/broker/src/shard-thread.ts'

const { node } = (workerData as { setup: { node: number } }).setup
const file = `${process.env['SLUICE_TEST_CRASHES']}/${node}`
setInterval(() => {
  if (!existsSync(file)) return
  rmSync(file)
  throw new Error('a fault that nobody foresaw')
}, 10)
