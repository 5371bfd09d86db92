// A broker with several shards as its users see it: one front door, streams over all cores, limits that hold
// over a whole consumer, and nothing lost when their number changes or the process is killed.

import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { connect } from '@sluice/client'
import type { Client, Consumer, Message } from '@sluice/client'
import { brokerFor } from '../support/broker-process.ts'
import type { BrokerProcess } from '../support/broker-process.ts'
import { Collector } from '../support/collector.ts'

async function clientOf(t: TestContext, broker: BrokerProcess): Promise<Client> {
  const client = await connect({ servers: [broker.address], connectTimeoutMs: 20_000 })
  t.after(() => client.close())
  return client
}

const messagesOf = (count: number, subjects: number): { subject: string; data: string }[] =>
  Array.from({ length: count }, (_, index) => ({ subject: `s.${index % subjects}`, data: String(index) }))

/** Takes so many messages and settles them. */
async function consume(consumer: Consumer, count: number, seen: (message: Message) => void): Promise<void> {
  let left = count
  if (left === 0) return
  for await (const message of consumer.messages({ window: 100 })) {
    seen(message)
    await message.ack()
    if (--left === 0) return
  }
}

test('a stream is spread over the shards, and everything is done through the front door', async (t) => {
  const broker = await brokerFor(t, { flags: ['--shards', '3'] })
  const client = await clientOf(t, broker)
  await client.streams.create('S', { partitions: 5 })
  const { partitions } = await client.streams.get('S')
  assert.deepEqual(new Set(partitions.map(({ node }) => node)), new Set([0, 1, 2]))
  await client.publishBatch('S', messagesOf(500, 40))
  const after = await client.streams.get('S')
  assert.equal(
    after.partitions.reduce((sum, { highWatermark }) => sum + highWatermark, 0),
    500,
    'what was confirmed is told at once',
  )
  const consumer = await client.consumers.create('S', { name: 'all', rules: [{ match: '>', limit: 1 }] })
  const seen = new Map<string, number[]>()
  await consume(consumer, 500, ({ subject, data }) => {
    seen.set(subject, [...(seen.get(subject) ?? []), Number(Buffer.from(data!).toString())])
  })
  assert.equal(seen.size, 40)
  for (const order of seen.values())
    assert.deepEqual(
      order,
      order.toSorted((one, other) => one - other),
    )
  const names = Array.from({ length: 12 }, (_, index) => `c-${index}`)
  for (const name of names) await client.consumers.create('S', { name })
  const listed = await client.consumers.list('S')
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['all', ...names].toSorted(),
  )
  assert.ok(new Set(listed.map(({ info }) => info.node)).size > 1, 'consumers have different homes')
  await client.streams.alter('S', { messageBytesMax: 1000 })
  await assert.rejects(client.publish('S', 's.0', 'x'.repeat(2000)), { code: 'message-too-large' })
  await client.streams.delete('S')
  await assert.rejects(client.publish('S', 's.0', 'x'), { code: 'unknown-stream' })
  assert.equal(await broker.stop(), 0)
})

test('maxInflight and a captured pool hold over partitions of different shards', async (t) => {
  const broker = await brokerFor(t, { flags: ['--shards', '2'] })
  const client = await clientOf(t, broker)
  await client.streams.create('S', { partitions: 4 })
  const tenants = 3
  await client.publishBatch(
    'S',
    Array.from({ length: 240 }, (_, index) => ({ subject: `job.${index}.t${index % tenants}`, data: '' })),
  )
  const consumer = await client.consumers.create('S', {
    name: 'c',
    maxInflight: 5,
    rules: [{ match: 'job.*.{tenant}', limit: 2 }],
  })
  const out = new Map<string, number>()
  let [all, most, done] = [0, 0, 0]
  const workers = Array.from({ length: 2 }, async () => {
    for await (const message of consumer.messages({ window: 50 })) {
      const tenant = message.subject.split('.')[2]!
      const held = (out.get(tenant) ?? 0) + 1
      out.set(tenant, held)
      most = Math.max(most, ++all)
      assert.ok(held <= 2, `${held} of ${tenant} are out`)
      assert.ok(all <= 5, `${all} are out`)
      void (async () => {
        await new Promise((resolve) => setTimeout(resolve, 3))
        out.set(tenant, out.get(tenant)! - 1)
        all--
        await message.ack()
        done++
      })()
    }
  })
  const stats = (): Promise<{ acked: number }> => consumer.stats()
  const deadline = Date.now() + 20_000
  while (done < 240 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(done, 240)
  assert.equal(most, 5, 'the limit is used')
  assert.equal((await stats()).acked, 240)
  await client.close()
  await Promise.allSettled(workers)
})

test('from 1 to 3 to 2 to 1 shards nothing is lost and nothing settled comes again', async (t) => {
  const first = await brokerFor(t)
  const { dataDir } = first
  const settled = new Set<string>()
  let published = 0
  let broker = first
  for (const [life, shards] of [1, 3, 2, 1].entries()) {
    if (life > 0) {
      // Why both: progress moves after an orderly end and after a kill.
      if (life === 2) await broker.kill()
      else assert.equal(await broker.stop(), 0)
      broker = await brokerFor(t, { dataDir, flags: ['--shards', String(shards)] })
    }
    const client = await connect({ servers: [broker.address], connectTimeoutMs: 20_000 })
    for (const stream of ['A', 'B', 'C']) {
      await client.streams.create(stream, { partitions: 3 })
      const messages = messagesOf(60, 20).map((message) => ({ ...message, data: `${published++}` }))
      await client.publishBatch(stream, messages)
      const consumer = await client.consumers.create(stream, { name: 'c', maxDeliver: 0 })
      let nacked = 0
      await consume(consumer, 45, (message) => {
        const place = `${stream}/${message.partition}/${message.offset}`
        assert.ok(!settled.has(place), `${place} was settled before life ${life} with ${shards} shards`)
        settled.add(place)
        nacked++
      })
      assert.equal(nacked, 45)
      const { partitions } = await client.streams.get(stream)
      const highWatermarks = partitions.reduce((sum, { highWatermark }) => sum + highWatermark, 0)
      assert.equal(highWatermarks, 60 * (life + 1))
    }
    await client.close()
  }
  const client = await clientOf(t, broker)
  for (const stream of ['A', 'B', 'C']) {
    const consumer = await client.consumers.get(stream, 'c')
    await consume(consumer, 60, (message) => {
      const place = `${stream}/${message.partition}/${message.offset}`
      assert.ok(!settled.has(place), `${place} was settled`)
      settled.add(place)
    })
  }
  assert.equal(settled.size, published, 'every message was settled once')
})

test('what two shards confirmed before a SIGKILL is there after it', async (t) => {
  const broker = await brokerFor(t, { flags: ['--shards', '2'] })
  const client = await clientOf(t, broker)
  await client.streams.create('S', { partitions: 4 })
  const consumer = await client.consumers.create('S', { name: 'c' })
  const confirmed = new Set<string>()
  const acked = new Set<string>()
  for (let life = 0; life < 3; life++) {
    const collector = new Collector(consumer, 50)
    let isOver = false
    const publishing = Array.from({ length: 4 }, async (_, lane) => {
      for (let index = 0; !isOver; index++) {
        const { partition, offset } = await client.publish('S', `p.${lane}.${index % 7}`, 'x')
        confirmed.add(`${partition}/${offset}`)
      }
    })
    const settling = (async () => {
      for (let at = 0; !isOver;) {
        const message = collector.messages[at]
        if (message === undefined) await new Promise((resolve) => setTimeout(resolve, 2))
        else {
          at++
          const place = `${message.partition}/${message.offset}`
          assert.ok(!acked.has(place), `${place} was settled and came again`)
          await message.ack()
          acked.add(place)
        }
      }
    })()
    const failures = Promise.allSettled([...publishing, settling])
    await new Promise((resolve) => setTimeout(resolve, 300))
    await broker.kill()
    isOver = true
    await broker.start()
    for (const outcome of await failures) {
      if (outcome.status === 'rejected')
        assert.ok(!(outcome.reason instanceof assert.AssertionError), outcome.reason)
    }
    await collector.close()
  }
  const { partitions } = await client.streams.get('S')
  for (const place of confirmed) {
    const [partition, offset] = place.split('/').map(Number) as [number, number]
    const { highWatermark } = partitions[partition]!
    assert.ok(offset < highWatermark, `${place} is lost: the high watermark is ${highWatermark}`)
  }
  assert.ok(confirmed.size > 50 && acked.size > 20, `${confirmed.size} confirmed, ${acked.size} settled`)
})

test('a consumer begins with what is new, and replays its dead letters, wherever they are led', async (t) => {
  const broker = await brokerFor(t, { flags: ['--shards', '3'] })
  const client = await clientOf(t, broker)
  for (const stream of ['A', 'B', 'C']) {
    await client.streams.create(stream, { partitions: 3 })
    await client.publishBatch(stream, messagesOf(30, 30))
    // Why without a pause: how the partitions of other shards stand has to be asked for.
    const consumer = await client.consumers.create(stream, { name: 'c', deliverFrom: 'new' })
    await client.publishBatch(stream, messagesOf(30, 30))
    const collector = new Collector(consumer, 1000)
    await collector.until(30)
    for (const message of collector.messages) {
      assert.ok(message.offset >= 0)
      await message.reject('not now')
    }
    const { letters } = await consumer.deadLetters.list({ count: 100 })
    assert.equal(letters.length, 30, `${stream}: what was confirmed as rejected is listed`)
    assert.equal(await consumer.deadLetters.replay({ match: '>' }), 30)
    await collector.until(60)
    assert.equal(new Set(collector.messages.slice(30).map(({ subject }) => subject)).size, 30)
    await collector.close()
    assert.equal(await client.streams.purge(stream), 90)
  }
})
