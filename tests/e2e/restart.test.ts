// What survives kill -9: every confirmed settle, every hole between them, every attempt. Many kills under
// load are in tests/faults/fault-rounds.test.ts.

import assert from 'node:assert/strict'
import test from 'node:test'
import { brokerFor } from '../support/broker-process.ts'
import { Collector } from '../support/collector.ts'

test('out-of-order settles at limit 1: every hole comes back, nothing settled does', async (t) => {
  const broker = await brokerFor(t)
  const client = await broker.connect()
  t.after(() => client.close())
  await client.streams.create('S')
  const consumer = await client.consumers.create('S', { name: 'c', rules: [{ match: '>', limit: 1 }] })
  const messages = Array.from({ length: 500 }, (_, index) => ({
    subject: `u.${index % 100}`,
    data: `${index}`,
  }))
  await client.publishBatch('S', messages)
  const collector = new Collector(consumer)
  await collector.until(100)
  const settled = new Set<number>()
  for (const message of collector.messages.filter(({ offset }) => offset % 3 !== 0)) {
    await message.ack()
    settled.add(message.offset)
  }
  const nacked = collector.messages.find(({ offset }) => offset === 0)!
  await nacked.nack()
  await broker.kill()
  await collector.close()
  await broker.start()
  const attempts = new Map<number, number>()
  const firstOf = new Map<string, number>()
  for await (const message of consumer.messages({ window: 50 })) {
    assert.ok(!settled.has(message.offset), `${message.offset} was settled and came again`)
    if (!firstOf.has(message.subject)) firstOf.set(message.subject, message.offset)
    attempts.set(message.offset, message.attempt)
    settled.add(message.offset)
    await message.ack()
    if (settled.size === 500) break
  }
  for (let hole = 0; hole < 100; hole += 3)
    assert.equal(firstOf.get(`u.${hole}`), hole, 'the hole comes first')
  assert.equal(attempts.get(0), 2, 'the nack was confirmed, so its attempt counts')
  assert.equal(attempts.get(3), 1)
})

test('an orderly end and start keeps everything, and no member has to come back by hand', async (t) => {
  const broker = await brokerFor(t)
  const client = await broker.connect()
  t.after(() => client.close())
  await client.streams.create('S')
  const consumer = await client.consumers.create('S', { name: 'c', ackWaitMs: 0 })
  const collector = new Collector(consumer)
  await client.publish('S', 'a', '1')
  await collector.until(1)
  assert.equal(await broker.stop(), 0)
  await broker.start()
  await collector.until(2)
  assert.equal(collector.messages[1]!.offset, 0)
  await assert.rejects(collector.messages[0]!.ack(), { code: 'stale-delivery' })
  await collector.messages[1]!.ack()
  await client.publish('S', 'a', '2')
  await collector.until(3)
  await collector.close()
})
