// Two nodes in one process: one leads a partition, the other reads it through a channel.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { silentLogger } from '../base/logger.ts'
import { memoryFiles } from '../io/memory-files.ts'
import { memoryThreads } from '../io/memory-threads.ts'
import { realIo } from '../io/real-io.ts'
import { Log } from '../log/log.ts'
import { TailCache } from '../log/tail-cache.ts'
import { PartitionLeader } from './partition-leader.ts'
import type { PartitionMessages } from './partition-messages.ts'
import { LedPartition } from './partition.ts'
import { PeerTable } from './peer-table.ts'
import { Peer, PeerServices } from './peer.ts'
import type { RemotePartition } from './remote-partition.ts'
import { RemotePartitions } from './remote-partitions.ts'

const key = { stream: 7, partition: 0 }
const builder = new RecordBatchBuilder()
const encoder = new TextEncoder()

function batchOf(...subjects: string[]): Uint8Array {
  for (const subject of subjects) builder.add(1, encoder.encode(subject), encoder.encode('value'))
  return builder.take()
}

async function led(leaderEpoch: number, tailBytes = 1_000_000): Promise<LedPartition> {
  const log = await Log.open({ ...realIo(), files: memoryFiles() }, '/log', {
    durability: 'os',
    segmentBytes: 1_000_000,
    segmentMs: 1_000_000,
    indexIntervalBytes: 4096,
    tail: new TailCache(tailBytes),
    logger: silentLogger,
    wasClosedCleanly: true,
  })
  return new LedPartition(0, { leaderEpoch, node: 1 }, log)
}

class TwoNodes {
  readonly #threads = memoryThreads(() => {})
  readonly peers = new PeerTable<PartitionMessages>()
  readonly #here = new PeerServices<PartitionMessages>()
  readonly remote = new RemotePartitions(this.peers, this.#here, silentLogger)

  /** Node 1 begins another life, with this partition. */
  start(partition: LedPartition): PartitionLeader {
    const services = new PeerServices<PartitionMessages>()
    const leader = new PartitionLeader(services)
    leader.add(key, partition)
    const [ours, theirs] = this.#threads.channel()
    const options = { logger: silentLogger, closed: () => {} }
    new Peer(this.#threads.open(theirs), { ...options, name: 'node 0', services })
    const peer = new Peer(this.#threads.open(ours), { ...options, name: 'node 1', services: this.#here })
    this.peers.set(1, peer)
    return leader
  }

  async open(isVolatile = false): Promise<RemotePartition> {
    const [partition] = await this.remote.open({ node: 1, isVolatile }, [key])
    return partition!
  }

  /** Its thread ends. */
  async stop(): Promise<void> {
    this.peers.require(1).close()
    while (this.peers.find(1) !== undefined) await turn()
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('what is stored and read through a channel is what the leader has', async () => {
  const nodes = new TwoNodes()
  const partition = await led(3)
  nodes.start(partition)
  await partition.store([batchOf('a', 'b')])
  const remote = await nodes.open()
  assert.deepEqual([remote.logStart, remote.highWatermark, remote.leaderEpoch, remote.node], [0, 2, 3, 1])
  const batch = batchOf('c')
  assert.equal(await remote.store([batch, batchOf('d', 'e')]), 2)
  assert.ok(batch.length > 0, 'the caller keeps its bytes')
  assert.equal(partition.highWatermark, 5)
  assert.equal(remote.highWatermark, 2)
  await remote.refresh()
  assert.equal(remote.highWatermark, 5)
  const here = await partition.read(0, 1_000_000)
  const there = await remote.read(0, 1_000_000)
  assert.equal(there.nextOffset, here.nextOffset)
  assert.deepEqual(there.bytes.subarray(there.start, there.end), here.bytes.slice(here.start, here.end))
  assert.equal(
    (await partition.read(0, 1)).nextOffset,
    here.nextOffset,
    'the cache of the leader keeps its bytes',
  )
  assert.equal(await remote.offsetForTime(0), 0)
})

test('a follower hears of each turn once, until it stops listening', async () => {
  const nodes = new TwoNodes()
  const partition = await led(1)
  nodes.start(partition)
  const remote = await nodes.open()
  const heard: number[] = []
  const stop = remote.onAdvance(() => heard.push(remote.highWatermark))
  await turn()
  assert.deepEqual(heard, [0], 'how it stands, at once')
  await Promise.all([partition.store([batchOf('a')]), partition.store([batchOf('b')])])
  await turn()
  assert.equal(heard.at(-1), 2)
  assert.ok(heard.length <= 3)
  stop()
  const { length } = heard
  await partition.store([batchOf('c')])
  await turn()
  assert.equal(heard.length, length)
})

test('a refusal comes with its code', async () => {
  const nodes = new TwoNodes()
  const leader = nodes.start(await led(1))
  const remote = await nodes.open()
  await assert.rejects(remote.read(9, 1), { code: 'offset-out-of-range', kind: 'invalid' })
  leader.remove(key)
  await assert.rejects(remote.read(0, 1), { code: 'stream-deleted' })
})

test('without its leader it keeps its facts and refuses; with the next one it goes on', async () => {
  const nodes = new TwoNodes()
  const partition = await led(1)
  nodes.start(partition)
  await partition.store([batchOf('a')])
  const remote = await nodes.open()
  const heard: number[] = []
  remote.onAdvance(() => heard.push(remote.highWatermark))
  const reading = assert.rejects(remote.read(0, 1), { code: 'node-unavailable' })
  await nodes.stop()
  await reading
  assert.equal(remote.highWatermark, 1)
  await assert.rejects(remote.read(0, 1), { code: 'node-unavailable', isRetryable: true })
  await assert.rejects(remote.store([batchOf('b')]), { code: 'node-unavailable' })
  nodes.start(partition)
  await nodes.remote.renewed(1)
  await partition.store([batchOf('b')])
  await turn()
  assert.equal(heard.at(-1), 2)
  assert.equal((await remote.read(0, 1)).nextOffset, 1)
})

test('a log in memory begins anew with its leader: another object stands for it', async () => {
  const nodes = new TwoNodes()
  const first = await led(1)
  nodes.start(first)
  await first.store([batchOf('a', 'b', 'c')])
  const remote = await nodes.open(true)
  const lives: RemotePartition[] = []
  nodes.remote.onNewLife((replacement) => lives.push(replacement))
  await nodes.stop()
  const second = await led(2)
  // Why more than before: the offsets alone would not tell.
  await second.store([batchOf('w', 'x', 'y', 'z')])
  nodes.start(second)
  await nodes.remote.renewed(1)
  assert.equal(lives.length, 1)
  assert.equal(lives[0]!.highWatermark, 4)
  assert.equal(remote.highWatermark, 3, 'the old life stands as it ended')
})
