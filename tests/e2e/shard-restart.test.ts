// A shard that fails is started again and recovers, while the others go on; one that fails again and again
// ends the process.

import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@sluice/client'
import type { Client } from '@sluice/client'
import { Collector } from '../support/collector.ts'
import { crashableShardsFor } from '../support/crashable-shards.ts'
import type { CrashableShards } from '../support/crashable-shards.ts'

interface Crashable extends CrashableShards {
  readonly client: Client
}

async function crashable(t: TestContext): Promise<Crashable> {
  const shards = await crashableShardsFor(t, { flags: ['--shards', '2'] })
  const client = await connect({ servers: [shards.broker.address], connectTimeoutMs: 20_000 })
  t.after(() => client.close())
  return { ...shards, client }
}

/** One stream led by each of two nodes, and the node of the first. */
async function twoStreams(client: Client, config = {}): Promise<[number, number]> {
  const nodes: number[] = []
  for (const name of ['A', 'B']) {
    const { partitions } = await client.streams.create(name, config)
    nodes.push(partitions[0]!.node!)
  }
  assert.notEqual(nodes[0], nodes[1])
  return nodes as [number, number]
}

test('the others go on while a shard is away, and it comes back with all that was confirmed', async (t) => {
  const { broker, client, crash, restarted } = await crashable(t)
  const [nodeA] = await twoStreams(client)
  const settled = await client.consumers.create('A', { name: 'c' })
  for (let index = 0; index < 20; index++) await client.publish('A', `s.${index}`, String(index))
  const collector = new Collector(settled, 100)
  await collector.until(20)
  for (const message of collector.messages.slice(0, 10)) await message.ack()
  const elsewhere = new Collector(await client.consumers.create('B', { name: 'c' }), 1000)
  let isOver = false
  let inB = 0
  const publishing = (async () => {
    for (; !isOver; inB++) await client.publish('B', 'b', 'x')
  })()
  crash(nodeA)
  await restarted(1)
  isOver = true
  await publishing
  await elsewhere.until(inB)
  assert.ok(inB > 0, 'the other shard confirmed meanwhile')
  await collector.until(30, 30_000)
  const again = collector.messages.slice(20).map(({ offset }) => offset)
  assert.deepEqual(
    again.toSorted((one, other) => one - other),
    [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
    'what was settled does not come again, and all else does',
  )
  const { offset } = await client.publish('A', 'a', 'x')
  assert.equal(offset, 20)
  assert.match(broker.errorText, /a shard has ended.*a fault that nobody foresaw/s)
  await client.streams.create('C', { partitions: 2 })
  await collector.close()
  await elsewhere.close()
  await client.close()
  assert.equal(await broker.stop(), 0)
})

test('a consumer reads on from a partition of a shard that was started again', async (t) => {
  const { client, crash, restarted } = await crashable(t)
  const { partitions } = await client.streams.create('S', { partitions: 2 })
  const consumer = await client.consumers.create('S', { name: 'c' })
  const home = consumer.info.node!
  const away = partitions.find(({ node }) => node !== home)!
  const subjects = Array.from({ length: 40 }, (_, index) => `s.${index}`)
  for (const subject of subjects) await client.publish('S', subject, 'before')
  const collector = new Collector(consumer, 1000)
  await collector.until(40)
  crash(away.node!)
  await restarted(1)
  for (const subject of subjects) await client.publish('S', subject, 'after')
  await collector.until(80)
  const places = new Set(collector.messages.map(({ partition, offset }) => `${partition}/${offset}`))
  assert.equal(places.size, 80, 'nothing that is out came twice: its member never left')
  for (const message of collector.messages) await message.ack()
  assert.equal((await consumer.stats()).staleSettles, 0)
  await collector.close()
})

test('a stream in memory begins anew with its shard, for consumers elsewhere too', async (t) => {
  const { client, crash, restarted } = await crashable(t)
  const { partitions } = await client.streams.create('M', { partitions: 2, durability: 'memory' })
  const consumer = await client.consumers.create('M', { name: 'c', rules: [{ match: '>', limit: 1 }] })
  const home = consumer.info.node!
  const away = partitions.find(({ node }) => node !== home)!
  for (let index = 0; index < 40; index++) await client.publish('M', `s.${index % 20}`, 'before')
  const collector = new Collector(consumer, 1000)
  await collector.until(20)
  crash(away.node!)
  await restarted(1)
  const lost = collector.messages.filter(({ partition }) => partition === away.partition)
  const kept = collector.messages.filter(({ partition }) => partition !== away.partition)
  assert.ok(lost.length > 0 && kept.length > 0)
  const count = collector.messages.length
  for (let index = 0; index < 20; index++) await client.publish('M', `s.${index}`, 'after')
  await collector.until(count + lost.length)
  const anew = collector.messages.slice(count)
  assert.deepEqual(
    anew.map(({ partition }) => partition),
    anew.map(() => away.partition),
    'the subjects of the new log are free; those of the other partition are still held',
  )
  for (const message of lost) await assert.rejects(message.ack(), { code: 'stale-delivery' })
  for (const message of [...kept, ...anew]) await message.ack()
  const inOther = kept.length
  await collector.until(count + lost.length + inOther)
  assert.equal((await consumer.stats()).inFlight, inOther)
  await collector.close()
})

test('both shards at once come back', async (t) => {
  const { client, crash, restarted, broker } = await crashable(t)
  await client.streams.create('S', { partitions: 4 })
  const consumer = await client.consumers.create('S', { name: 'c' })
  for (let index = 0; index < 20; index++) await client.publish('S', `s.${index}`, '')
  crash(0)
  crash(1)
  await restarted(1)
  await sleep(200)
  if (!/shards=\[0,1\]/.test(broker.errorText)) await restarted(2)
  const collector = new Collector(consumer, 100)
  await collector.until(20, 30_000)
  await collector.close()
})

test('shards that fail again and again end the process, loudly', async (t) => {
  const { broker, crash } = await crashable(t)
  let isOver = false
  const ended = (async () => {
    while (!isOver) {
      try {
        process.kill(broker.pid, 0)
      } catch {
        return
      }
      crash(0)
      await sleep(20)
    }
  })()
  await Promise.race([ended, sleep(40_000, undefined, { ref: false })])
  isOver = true
  assert.match(broker.errorText, /shards have ended 5 times within a minute; ending at once/)
  assert.equal(await broker.stop(), 1)
})
