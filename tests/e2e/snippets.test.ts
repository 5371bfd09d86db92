// What the README shows, run as it is written: against a broker of its own process, and against embedded
// ones, on disk and in memory.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { connect } from '@sluice/client'
import type { Client, LogMessage, Message } from '@sluice/client'
import { Broker } from 'sluice'
import type { BrokerStorage } from 'sluice'
import { brokerFor } from '../support/broker-process.ts'
import { Collector } from '../support/collector.ts'
import { refused } from '../support/failing.ts'

async function served(t: TestContext): Promise<Client> {
  const { address } = await brokerFor(t)
  const client = await connect({ servers: [address] })
  t.after(() => client.close())
  return client
}

async function embedded(t: TestContext, storage: BrokerStorage): Promise<Client> {
  const broker = await Broker.start(storage)
  t.after(() => broker.close())
  assert.equal(broker.address, undefined, 'it listens only if it is told to')
  return broker.connect()
}

function onDisk(t: TestContext): Promise<Client> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-snippets-'))
  t.after(() => rmSync(dataDir, { recursive: true, force: true }))
  return embedded(t, { dataDir })
}

const doors: [string, (t: TestContext) => Promise<Client>][] = [
  ['served', served],
  ['embedded on disk', onDisk],
  ['embedded in memory', (t) => embedded(t, { memory: true })],
]

for (const [door, open] of doors) {
  test(`${door}: streams are created, shown, altered and deleted`, async (t) => {
    const client = await open(t)
    const created = await client.streams.create('ORDERS', { subjects: ['orders.>'], partitions: 1 })
    assert.equal(created.name, 'ORDERS')
    assert.deepEqual(await client.streams.get('ORDERS'), created)
    assert.deepEqual(await client.streams.list(), [created])
    const altered = await client.streams.alter('ORDERS', {
      partitions: 3,
      subjects: ['orders.>', 'returns.*'],
    })
    assert.equal(altered.partitions.length, 3)
    assert.deepEqual(altered.config.subjects, ['orders.>', 'returns.*'])
    await client.publish('ORDERS', 'returns.u1', 'x')
    await client.streams.delete('ORDERS')
    await refused(client.streams.get('ORDERS'), 'unknown-stream')
    assert.deepEqual(await client.streams.list(), [])
  })

  test(`${door}: messages are published one by one, in batches and in a flow`, async (t) => {
    const client = await open(t)
    await client.streams.create('ORDERS', { subjects: ['orders.>'], partitions: 1 })
    const data = new Uint8Array([1, 2, 3])
    const { partition, offset } = await client.publish('ORDERS', 'orders.freemium.u1', data, {
      headers: { trace: 'abc' },
    })
    assert.deepEqual([partition, offset], [0, 0])
    const subject = 'orders.premium.u2'
    const headers = { trace: 'def' }
    assert.deepEqual(await client.publishBatch('ORDERS', [{ subject, data, headers }]), [
      { partition: 0, offset: 1 },
    ])
    const publisher = client.publisher('ORDERS', { lingerMs: 5, batchBytes: 1000, maxInFlightBatches: 2 })
    for (let number = 0; number < 300; number++) await publisher.send(subject, `${number}`)
    await publisher.flush()
    assert.equal((await client.streams.get('ORDERS')).partitions[0]!.highWatermark, 302)
    await publisher.send(subject, 'the last')
    await publisher.close()
    await refused(Promise.resolve(publisher.send(subject, 'too late')), 'client-closed')
    const records = await read(client, { partition: 0, from: { offset: 0 } })
    assert.equal(records.length, 303)
    assert.deepEqual([...records[0]!.data!], [1, 2, 3])
    assert.deepEqual({ ...records[0]!.headers }, { trace: 'abc' })
    assert.deepEqual(
      records.slice(2, 302).map((record) => record.data!.toString()),
      Array.from({ length: 300 }, (_, number) => `${number}`),
    )
    assert.equal(records.at(-1)!.data!.toString(), 'the last')
  })

  test(`${door}: the log is read from an offset, a time, the first and the last`, async (t) => {
    const client = await open(t)
    await client.streams.create('ORDERS', { subjects: ['orders.>'], partitions: 1 })
    for (let number = 0; number < 10; number++)
      await client.publish('ORDERS', 'orders.a', `${number}`, { timestamp: 1000 + number * 10 })
    const offsets = async (from: Parameters<typeof read>[1]): Promise<number[]> =>
      (await read(client, from)).map(({ offset }) => offset)
    const from = (first: number): number[] => Array.from({ length: 10 - first }, (_, at) => first + at)
    assert.deepEqual(await offsets({ partition: 0, from: { offset: 0 } }), from(0))
    assert.deepEqual(await offsets({ from: { offset: 7 } }), from(7))
    assert.deepEqual(await offsets({ from: { offset: 10 } }), [])
    assert.deepEqual(await offsets({ from: { time: 1035 } }), from(4))
    assert.deepEqual(await offsets({ from: { time: new Date(1040) } }), from(4))
    assert.deepEqual(await offsets({ from: { time: 5000 } }), [])
    assert.deepEqual(await offsets({ from: 'first' }), from(0))
    assert.deepEqual(await offsets({ from: 'last' }), [9])
    assert.deepEqual(await offsets({ from: 'next' }), [])
    const following = client.log('ORDERS').read({ from: 'next', follow: true })
    const next = following.next()
    await client.publish('ORDERS', 'orders.a', 'new')
    // The reader may have come before or after it; what is published then must come.
    const more = setInterval(() => void client.publish('ORDERS', 'orders.a', 'new'), 20)
    const { value } = await next
    clearInterval(more)
    assert.equal(value!.records[0]!.data!.toString(), 'new')
    await following.return()
  })

  test(`${door}: consumers are created, shown, altered and deleted`, async (t) => {
    const client = await open(t)
    await client.streams.create('ORDERS', { subjects: ['orders.>'], partitions: 1 })
    const consumer = await createGateway(client)
    assert.equal(consumer.info.config.maxInflight, 10_000)
    assert.deepEqual((await client.consumers.get('ORDERS', 'gateway')).info, consumer.info)
    assert.deepEqual(
      (await client.consumers.list('ORDERS')).map(({ name }) => name),
      ['gateway'],
    )
    await client.consumers.alter('ORDERS', 'gateway', { rules: [{ match: 'orders.>', limit: 7 }] })
    const { config } = (await client.consumers.get('ORDERS', 'gateway')).info
    assert.deepEqual(config.rules, [{ match: 'orders.>', limit: 7 }])
    assert.deepEqual(config.backoffMs, [100, 1000])
    await client.consumers.delete('ORDERS', 'gateway')
    await refused(client.consumers.get('ORDERS', 'gateway'), 'unknown-consumer')
  })

  test(
    `${door}: messages come with all that they are, and every verb settles`,
    { timeout: 30_000 },
    async (t) => {
      const client = await open(t)
      await client.streams.create('ORDERS', { subjects: ['orders.>'], partitions: 1 })
      const consumer = await createGateway(client)
      for (const verb of ['ack', 'nack', 'later', 'release', 'reject', 'working'])
        await client.publish('ORDERS', `orders.premium.${verb}`, verb, { headers: { verb } })
      const seen: string[] = []
      const stop = new AbortController()
      const { signal } = stop
      for await (const message of consumer.messages({ window: 256, signal })) {
        const { subject, data, headers, stream, partition, offset, timestamp, attempt } = message
        assert.deepEqual([stream, partition], ['ORDERS', 0])
        assert.ok(Math.abs(Date.now() - timestamp) < 60_000)
        assert.equal(subject, `orders.premium.${headers['verb']}`)
        assert.equal(data!.toString(), headers['verb'])
        seen.push(`${offset} ${headers['verb']} ${attempt}`)
        await settle(message, seen.length)
        if (seen.length === 9) stop.abort()
      }
      const expected = [
        '0 ack 1',
        '1 nack 1',
        '1 nack 2',
        '2 later 1',
        '2 later 2',
        '3 release 1',
        '3 release 1',
      ]
      assert.deepEqual(seen.toSorted(), [...expected, '4 reject 1', '5 working 1'])
      const stats = await consumer.stats()
      assert.equal(stats.partitions[0]!.floor, 6)
      assert.deepEqual([stats.acked, stats.nacked, stats.released, stats.rejected], [5, 2, 1, 1])
      const [letter] = await read(client, {}, 'ORDERS.dlq')
      assert.equal(letter!.headers['sluice-error'], 'no such order')
    },
  )

  test(`${door}: a subscription works at its concurrency, and drains`, async (t) => {
    const client = await open(t)
    await client.streams.create('ORDERS', { subjects: ['orders.>'], partitions: 1 })
    const consumer = await createGateway(client)
    let running = 0
    let most = 0
    let done = 0
    const subscription = consumer.subscribe(
      async (message) => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 2))
        running--
        done++
        if (message.data!.toString() === '5' && message.attempt === 1) throw new Error('try again')
      },
      { concurrency: 64 },
    )
    const messages = Array.from({ length: 500 }, (_, at) => ({ subject: `orders.u${at}`, data: `${at}` }))
    await client.publishBatch('ORDERS', messages)
    while ((await consumer.stats()).acked < 500) await new Promise((resolve) => setTimeout(resolve, 5))
    await subscription.drain()
    await subscription.closed
    assert.equal(running, 0)
    assert.equal(done, 501, 'what throws comes again')
    assert.ok(most > 20 && most <= 64, `${most} at a time`)
    assert.equal((await consumer.stats()).members, 0)
  })

  test(`${door}: it is asked why, and how much`, async (t) => {
    const client = await open(t)
    await client.streams.create('ORDERS', { subjects: ['orders.>'], partitions: 1 })
    const consumer = await createGateway(client)
    assert.equal((await consumer.explain('orders.freemium.u1')).reason, 'idle')
    const messages = Array.from({ length: 5 }, (_, at) => ({ subject: 'orders.freemium.u1', data: `${at}` }))
    await client.publishBatch('ORDERS', messages)
    const collector = new Collector(consumer)
    await collector.until(1)
    const explanation = await consumer.explain('orders.freemium.u1')
    assert.equal(explanation.reason, 'pool full')
    assert.deepEqual(explanation.rule, { match: 'orders.freemium.>', limit: 1 })
    assert.deepEqual([explanation.parked, explanation.inFlight.length], [4, 1])
    const stats = await consumer.stats()
    assert.deepEqual([stats.inFlight, stats.parked, stats.members, stats.heldBy.pool], [1, 4, 1, 4])
    const [row] = await consumer.pools({ top: 'parked', count: 5 })
    assert.deepEqual([row!.subject, row!.parked, row!.inFlight], ['orders.freemium.u1', 4, 1])
    await collector.close()
  })
}

function createGateway(client: Client) {
  return client.consumers.create('ORDERS', {
    name: 'gateway',
    filter: ['orders.>'],
    maxInflight: 10_000,
    ackWaitMs: 30_000,
    maxDeliver: 5,
    backoffMs: [100, 1000],
    rules: [
      { match: 'orders.premium.>', limit: 30 },
      { match: 'orders.freemium.>', limit: 1 },
    ],
  })
}

function settle(message: Message, count: number): Promise<void> {
  const verb = message.headers['verb']
  if (message.attempt > 1 || (verb === 'release' && count > 6)) return message.ack()
  if (verb === 'nack') return message.nack()
  if (verb === 'later') return message.nack({ delayMs: 150 })
  if (verb === 'release') return message.release()
  if (verb === 'reject') return message.reject('no such order')
  if (verb === 'working') return message.working().then(() => message.ack())
  return message.ack()
}

async function read(
  client: Client,
  options: Parameters<ReturnType<Client['log']>['read']>[0],
  stream = 'ORDERS',
): Promise<LogMessage[]> {
  const records: LogMessage[] = []
  for await (const batch of client.log(stream).read(options)) records.push(...batch.records)
  return records
}
