// What the thread of a shard runs. Must hold nothing but this: a shard is the same in tests, without a
// thread.

import { enableCompileCache } from 'node:module'
import { realIo } from './io/real-io.ts'
import { openPort, threadStart } from './io/real-threads.ts'
import type { ShardSetup } from './shard-messages.ts'

// Why here too: each thread compiles what it loads.
enableCompileCache()
const { runShard } = await import('./shard.ts')

const { setup, end } = threadStart()
runShard(setup as ShardSetup, end, { ioOf: realIo, threads: { open: openPort } })
