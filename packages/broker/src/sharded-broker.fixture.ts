// A broker with shards for tests: all of its shards run in this thread, on files in memory.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { connect } from '@sluice/client'
import type { Client } from '@sluice/client'
import { readLimits } from './config/read-config.ts'
import type { BrokerLimits } from './config/read-config.ts'
import type { FileSystem, Io } from './io/io.ts'
import { memoryFiles } from './io/memory-files.ts'
import { memoryThreads } from './io/memory-threads.ts'
import { realIo } from './io/real-io.ts'
import type { KafkaEndpoint } from './servers/connections/listen-address.ts'
import type { ShardSetup } from './shard-messages.ts'
import { runShard } from './shard.ts'
import { ShardedBroker } from './sharded-broker.ts'

export interface ShardedWishes {
  readonly shards: number
  /** Where our own clients connect; 0 or none: at a free one. */
  readonly port?: number
  /** Where Kafka clients can connect; true: at a free port. */
  readonly kafka?: boolean | readonly KafkaEndpoint[]
  readonly limits?: Partial<BrokerLimits>
  readonly files?: FileSystem
}

export function startSharded(wishes: ShardedWishes): Promise<ShardedBroker> {
  const { shards, port = 0, kafka = false, limits = {}, files = memoryFiles() } = wishes
  const io: Io = { ...realIo(), files }
  const threads = memoryThreads(
    ({ setup, end }, own) => runShard(setup as ShardSetup, end, { ioOf: () => io, threads: own }),
    (callback) => setImmediate(callback),
  )
  const host = '127.0.0.1'
  return ShardedBroker.start({
    io,
    threads,
    shards,
    dataDir: '/data',
    listen: { host, port },
    kafka: kafka === true ? [{ host, port: 0 }] : kafka || [],
    name: 'n',
    failed: () => assert.fail('shards ended'),
    limits: readLimits(limits),
  })
}

export function clientOf(broker: ShardedBroker): Promise<Client> {
  return connect({ servers: [`127.0.0.1:${broker.address!.port}`] })
}

/** Both end with the test. */
export async function shardedFor(
  t: TestContext,
  wishes: ShardedWishes,
): Promise<{ broker: ShardedBroker; client: Client }> {
  const broker = await startSharded(wishes)
  const client = await clientOf(broker)
  t.after(async () => {
    await client.close()
    await broker.close()
  })
  return { broker, client }
}
