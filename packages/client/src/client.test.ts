// The client against the real broker, in memory, over TCP and in process: the snippets of the documentation.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Broker } from 'sluice'
import { BrokerError, connect } from './index.ts'
import type { Client, Message } from './index.ts'

type Door = (t: TestContext) => Promise<Client>

async function overTcp(t: TestContext): Promise<Client> {
  const broker = await Broker.start({ memory: true, listen: { port: 0 } })
  t.after(() => broker.close())
  const { host, port } = broker.address!
  const client = await connect({ servers: [`${host}:${port}`] })
  t.after(() => client.close())
  return client
}

async function inProcess(t: TestContext): Promise<Client> {
  const broker = await Broker.start({ memory: true })
  t.after(() => broker.close())
  return broker.connect()
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof BrokerError && error.code === expected
}

const rules = [
  { match: 'orders.premium.>', limit: 30 },
  { match: 'orders.freemium.>', limit: 1 },
]
const gateway = {
  name: 'gateway',
  filter: ['orders.>'],
  maxInflight: 10_000,
  ackWaitMs: 30_000,
  maxDeliver: 5,
  rules,
}

const doors: readonly (readonly [string, Door])[] = [
  ['over TCP', overTcp],
  ['in process', inProcess],
]
for (const [where, door] of doors) {
  test(`${where}: streams are created, listed, altered, deleted`, async (t) => {
    const client = await door(t)
    const created = await client.streams.create('ORDERS', { subjects: ['orders.>'], partitions: 1 })
    assert.equal(created.name, 'ORDERS')
    await client.streams.create('ORDERS', { subjects: ['orders.>'], partitions: 1 })
    await assert.rejects(client.streams.create('ORDERS', { subjects: ['x.>'] }), code('stream-exists'))
    assert.deepEqual(
      (await client.streams.list()).map(({ name }) => name),
      ['ORDERS'],
    )
    await client.streams.alter('ORDERS', { subjects: ['orders.>', 'returns.>'] })
    assert.deepEqual((await client.streams.get('ORDERS')).config.subjects, ['orders.>', 'returns.>'])
    await client.streams.delete('ORDERS')
    await assert.rejects(client.streams.get('ORDERS'), code('unknown-stream'))
    await assert.rejects(client.publish('ORDERS', 'orders.a', 'x'), code('unknown-stream'))
    assert.equal((await client.broker()).name, 'sluice')
  })

  test(`${where}: publish, deliver, settle, explain, read`, async (t) => {
    const client = await door(t)
    await client.streams.create('ORDERS', { subjects: ['orders.>'], partitions: 1 })
    const headers = { trace: 'abc' }
    assert.deepEqual(await client.publish('ORDERS', 'orders.freemium.u1', 'one', { headers }), {
      partition: 0,
      offset: 0,
    })
    const batch = ['two', 'three', null].map((data) => ({ subject: 'orders.freemium.u1', data, headers }))
    assert.deepEqual(
      (await client.publishBatch('ORDERS', batch)).map(({ offset }) => offset),
      [1, 2, 3],
    )
    const consumer = await client.consumers.create('ORDERS', gateway)
    const seen: Message[] = []
    for await (const message of consumer.messages({ window: 256 })) {
      if (seen.push(message) === 1) {
        const { reason, limit, rule } = await consumer.explain('orders.freemium.u1')
        assert.deepEqual([reason, limit, rule], ['pool full', 1, rules[1]])
        assert.equal((await consumer.stats()).inFlight, 1)
        assert.equal((await consumer.pools({ top: 'inflight', count: 5 }))[0]!.subject, 'orders.freemium.u1')
      }
      await message.ack()
      if (seen.length === 4) break
    }
    assert.deepEqual(
      seen.map(({ data }) => data?.toString()),
      ['one', 'two', 'three', undefined],
    )
    assert.deepEqual(seen[0]!.headers, headers)
    const read: number[] = []
    for await (const { records } of client.log('ORDERS').read({ partition: 0, from: { offset: 1 } })) {
      read.push(...records.map(({ offset }) => offset))
    }
    assert.deepEqual(read, [1, 2, 3])
  })

  test(`${where}: nack with delay, release, working, reject`, async (t) => {
    const client = await door(t)
    await client.streams.create('ORDERS', { subjects: ['orders.>'] })
    await client.publish('ORDERS', 'orders.freemium.u1', 'x')
    const consumer = await client.consumers.create('ORDERS', gateway)
    const attempts: number[] = []
    for await (const message of consumer.messages()) {
      attempts.push(message.attempt)
      if (attempts.length === 1) await message.nack({ delayMs: 20, reason: 'try again' })
      else if (attempts.length === 2) await message.release()
      else {
        await message.working()
        await message.reject('no use')
        break
      }
    }
    assert.deepEqual(attempts, [1, 2, 2])
    const dead: string[] = []
    for await (const { records } of client.log('ORDERS.dlq').read()) {
      for (const record of records) dead.push(`${record.subject} ${record.data!.toString()}`)
    }
    assert.deepEqual(dead, ['orders.freemium.u1 x'])
  })

  test(`${where}: handlers settle, drain gives back what was not begun`, async (t) => {
    const client = await door(t)
    await client.streams.create('ORDERS', { subjects: ['orders.>'], partitions: 3 })
    const publisher = client.publisher('ORDERS', { lingerMs: 1, batchBytes: 2_000, maxInFlightBatches: 4 })
    for (let index = 0; index < 500; index++) await publisher.send(`orders.premium.${index % 7}`, `${index}`)
    await publisher.close()
    const consumer = await client.consumers.create('ORDERS', gateway)
    let handled = 0
    const subscription = consumer.subscribe(
      async () => {
        await delay(1)
        handled++
      },
      { concurrency: 16, window: 64 },
    )
    while (handled < 200) await delay(1)
    await subscription.drain()
    const { inFlight, acked, released } = await consumer.stats()
    assert.deepEqual([inFlight, acked], [0, handled])
    assert.ok(released > 0)
    const rest = consumer.subscribe(() => void handled++)
    while (handled < 500) await delay(1)
    await rest.drain()
    assert.equal((await consumer.stats()).acked, 500)
  })

  test(`${where}: fetch gets so many, or what there is; close gives back`, async (t) => {
    const client = await door(t)
    await client.streams.create('ORDERS', { partitions: 2 })
    const consumer = await client.consumers.create('ORDERS', { name: 'c' })
    assert.deepEqual(await consumer.fetch(3, { timeoutMs: 0 }), [])
    const waiting = consumer.fetch(3)
    const batch = Array.from({ length: 10 }, (_, index) => ({ subject: `s.${index}`, data: `${index}` }))
    await client.publishBatch('ORDERS', batch)
    const seen = (await waiting).map(({ data }) => data!.toString())
    assert.equal(seen.length, 3)
    assert.equal((await consumer.stats()).inFlight, 3)
    const rest = await consumer.fetch(100, { timeoutMs: 200 })
    assert.deepEqual(
      [...seen, ...rest.map(({ data }) => data!.toString())].toSorted(),
      '0123456789'.split(''),
    )
    await Promise.all(rest.map((message) => message.ack()))
    await consumer.close()
    const again = await client.consumers.get('ORDERS', 'c')
    const returned = await again.fetch(100, { timeoutMs: 0 })
    assert.deepEqual(returned.map(({ data }) => data!.toString()).toSorted(), seen.toSorted())
    assert.ok(returned.every(({ attempt }) => attempt === 1))
    await Promise.all(returned.map((message) => message.ack()))
    assert.equal((await consumer.stats()).acked, 10)
  })

  test(`${where}: settled by being delivered: all come once, however slow the loop`, async (t) => {
    const client = await door(t)
    await client.streams.create('ORDERS')
    const consumer = await client.consumers.create('ORDERS', { name: 'c', ackPolicy: 'none' })
    const batch = Array.from({ length: 500 }, (_, index) => ({ subject: `s.${index}`, data: `${index}` }))
    await client.publishBatch('ORDERS', batch)
    const offsets: number[] = []
    for await (const message of consumer.messages({ window: 16 })) {
      offsets.push(message.offset)
      if (offsets.length % 100 === 0) {
        await delay(5)
        const { partitions } = await consumer.stats()
        assert.ok(partitions[0]!.floor <= offsets.length + 16, `${partitions[0]!.floor} settled`)
      }
      if (offsets.length === 500) break
    }
    assert.deepEqual(offsets, [...batch.keys()])
    assert.equal((await consumer.stats()).partitions[0]!.floor, 500)
  })

  test(`${where}: what operators do`, async (t) => {
    const client = await door(t)
    await client.streams.create('ORDERS', { subjects: ['orders.>'] })
    const past = new Date(Date.now() - 60_000)
    const consumer = await client.consumers.create('ORDERS', { name: 'c', deliverFrom: { fromTime: past } })
    const publish = (...numbers: number[]) =>
      client.publishBatch(
        'ORDERS',
        numbers.map((number) => ({ subject: `orders.${number}`, data: `${number}` })),
      )
    await publish(0, 1, 2, 3, 4, 5)
    const { pauses } = await consumer.pause({ match: 'orders.1', until: new Date(Date.now() + 60_000) })
    assert.deepEqual(
      pauses.map(({ match }) => match),
      ['orders.1'],
    )
    const fetched = await consumer.fetch(6, { timeoutMs: 150 })
    assert.deepEqual(
      fetched.map(({ offset }) => offset),
      [0, 2, 3, 4, 5],
    )
    await consumer.resume({ match: 'orders.1' })
    await assert.rejects(consumer.resume({ match: 'orders.1' }), code('not-paused'))
    assert.equal((await consumer.fetch(1))[0]!.offset, 1)
    await fetched[0]!.reject('no use')
    await fetched[1]!.reject('no use')
    const { letters } = await consumer.deadLetters.list()
    assert.deepEqual(letters.map(({ subject }) => subject).toSorted(), ['orders.0', 'orders.2'])
    assert.equal(await consumer.deadLetters.drop({ match: 'orders.0' }), 1)
    assert.equal(await consumer.deadLetters.replay({ match: '>' }), 1)
    assert.equal((await consumer.fetch(1))[0]!.subject, 'orders.2')
    await publish(7, 8)
    assert.equal(await consumer.drain('orders.7'), 1)
    assert.equal(await client.streams.deleteMessages('ORDERS', [{ partition: 0, offset: 3 }]), 1)
    assert.equal(await client.streams.purge('ORDERS', { partition: 0, before: 3 }), 3)
    assert.ok((await client.streams.purge('ORDERS')) > 0)
    assert.deepEqual(await consumer.pools({ top: 'oldest' }), [])
  })

  test(`${where}: a deleted consumer ends its loop with an error`, async (t) => {
    const client = await door(t)
    await client.streams.create('ORDERS')
    const consumer = await client.consumers.create('ORDERS', { name: 'c' })
    const next = consumer.messages().next()
    await delay(20)
    await client.consumers.delete('ORDERS', 'c')
    await assert.rejects(next, code('consumer-deleted'))
    await assert.rejects(consumer.messages().next(), code('unknown-consumer'))
  })
}

test('one bad message of a turn does not harm the others, on the real broker', async (t) => {
  const client = await overTcp(t)
  await client.streams.create('ORDERS', { subjects: ['orders.>'], messageBytesMax: 1_000 })
  const results = await Promise.allSettled([
    client.publish('ORDERS', 'orders.a', '1'),
    client.publish('ORDERS', 'other', '2'),
    client.publish('ORDERS', 'orders.b', 'x'.repeat(2_000)),
    client.publish('ORDERS', 'orders.a', '4'),
  ])
  const codes = results.map((result) =>
    result.status === 'fulfilled' ? result.value.offset : result.reason.code,
  )
  assert.deepEqual(codes, [0, 'subject-not-in-stream', 'message-too-large', 1])
})

test('a broker that starts again without its data: the loop says so instead of going quiet', async (t) => {
  const first = await Broker.start({ memory: true, listen: { port: 0 } })
  const { port } = first.address!
  const client = await connect({ servers: [`127.0.0.1:${port}`], reconnect: { minMs: 5, maxMs: 50 } })
  t.after(() => client.close())
  await client.streams.create('ORDERS')
  const consumer = await client.consumers.create('ORDERS', { name: 'c' })
  const next = consumer.messages().next()
  await first.close()
  const second = await Broker.start({ memory: true, listen: { port } })
  t.after(() => second.close())
  await assert.rejects(next, code('unknown-stream'))
  await client.streams.create('ORDERS')
  assert.deepEqual(await client.publish('ORDERS', 'a', 'x'), { partition: 0, offset: 0 })
})

test('a broker that starts again: publishing waits, deliveries go on, what was acked stays so', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-client-'))
  t.after(() => rmSync(dataDir, { recursive: true }))
  const first = await Broker.start({ dataDir, listen: { port: 0 } })
  const { port } = first.address!
  const client = await connect({ servers: [`127.0.0.1:${port}`], reconnect: { minMs: 5, maxMs: 50 } })
  t.after(() => client.close())
  await client.streams.create('ORDERS')
  const consumer = await client.consumers.create('ORDERS', { name: 'c' })
  await client.publishBatch(
    'ORDERS',
    [1, 2, 3].map((index) => ({ subject: 's', data: `${index}` })),
  )
  const stream = consumer.messages()
  const [one, two] = [(await stream.next()).value!, (await stream.next()).value!]
  await one.ack()
  await first.close()
  const published = client.publish('ORDERS', 's', '4')
  const second = await Broker.start({ dataDir, listen: { port } })
  t.after(() => second.close())
  assert.deepEqual(await published, { partition: 0, offset: 3 })
  await assert.rejects(two.ack(), code('stale-delivery'))
  const seen: string[] = []
  for await (const message of stream) {
    await message.ack()
    if (seen.push(message.data!.toString()) === 3) break
  }
  assert.deepEqual(seen, ['2', '3', '4'])
})
