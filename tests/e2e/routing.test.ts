// A client and a broker of two shards: each request goes to the shard that leads, over one connection each.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { connect } from '@sluice/client'
import type { Client, Consumer } from '@sluice/client'
import { brokerFor } from '../support/broker-process.ts'
import type { BrokerProcess } from '../support/broker-process.ts'

interface Scene {
  readonly broker: BrokerProcess
  readonly client: Client
}

async function scene(t: TestContext): Promise<Scene> {
  const broker = await brokerFor(t, { flags: ['--shards', '2'] })
  const client = await connect({ servers: [broker.address], reconnect: { minMs: 5, maxMs: 100 } })
  t.after(() => client.close())
  return { broker, client }
}

const numbered = Array.from({ length: 400 }, (_, index) => ({ subject: `s.${index % 40}`, data: `${index}` }))

test('a stream over both shards: published in all ways, read, consumed and fetched', async (t) => {
  const { client } = await scene(t)
  const { partitions } = await client.streams.create('S', { partitions: 4 })
  assert.equal(new Set(partitions.map(({ node }) => node)).size, 2, 'both lead some of it')
  const batch = await client.publishBatch('S', numbered.slice(0, 100))
  const singles = numbered.slice(100, 200).map(({ subject, data }) => client.publish('S', subject, data))
  const places = [...batch, ...(await Promise.all(singles))]
  const publisher = client.publisher('S')
  for (const { subject, data } of numbered.slice(200)) await publisher.send(subject, data)
  await publisher.close()

  const read = new Map<string, string>()
  for (let partition = 0; partition < 4; partition++) {
    for await (const { records } of client.log('S').read({ partition }))
      for (const { offset, data } of records) read.set(`${partition}:${offset}`, data!.toString())
  }
  assert.equal(read.size, 400)
  for (const [index, { partition, offset }] of places.entries())
    assert.equal(read.get(`${partition}:${offset}`), `${index}`)

  for (const name of ['a', 'b', 'c', 'd']) {
    const consumer = await client.consumers.create('S', { name, rules: [{ match: '>', limit: 3 }] })
    const seen = new Map<string, number[]>()
    const note = (subject: string, data: Buffer): void => {
      seen.set(subject, [...(seen.get(subject) ?? []), Number(data.toString())])
    }
    for (const message of await consumer.fetch(50)) {
      note(message.subject, message.data!)
      await message.ack()
    }
    let count = 50
    for await (const message of consumer.messages()) {
      note(message.subject, message.data!)
      await message.ack()
      if (++count === 400) break
    }
    assert.equal((await consumer.stats()).acked, 400)
    await consumer.close()
    for (const numbers of seen.values()) assert.deepEqual(numbers.length, 10)
  }
})

test('killed and started again: loops go on at both shards, what was confirmed is settled', async (t) => {
  const { broker, client } = await scene(t)
  await client.streams.create('S', { partitions: 4 })
  await client.publishBatch('S', numbered)
  const consumers = await Promise.all(['a', 'b', 'c'].map((name) => client.consumers.create('S', { name })))
  const acked = consumers.map(() => new Set<string>())
  const twice: string[] = []
  const subscriptions = consumers.map((consumer, at) =>
    consumer.subscribe(async (message) => {
      const place = `${message.partition}:${message.offset}`
      if (acked[at]!.has(place)) twice.push(place)
      await sleep(1)
      await message.ack()
      acked[at]!.add(place)
    }),
  )
  while (acked.some((one) => one.size < 100)) await sleep(5)
  await broker.kill()
  await broker.start()
  await client.publish('S', 'later', 'x')
  for (const consumer of consumers) while ((await settledCount(consumer)) < 401) await sleep(20)
  await Promise.all(subscriptions.map((subscription) => subscription.drain()))
  assert.deepEqual(twice, [], 'came again after their acks were confirmed')
  assert.equal(client.isConnected, true)
})

async function settledCount(consumer: Consumer): Promise<number> {
  const { partitions } = await consumer.stats()
  return partitions.reduce((sum, { floor }) => sum + floor, 0)
}
