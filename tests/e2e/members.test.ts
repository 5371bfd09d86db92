// Members and consumers beside each other: sharing, leaving, and not touching one another.

import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Collector } from '../support/collector.ts'
import { doors } from '../support/doors.ts'

const numbered = (count: number): { subject: string; data: string }[] =>
  Array.from({ length: count }, (_, index) => ({ subject: `s.${index % 10}`, data: `${index}` }))

for (const [name, door] of doors) {
  test(`${name}: what a leaving worker holds goes to those that stay, uncounted`, async (t) => {
    const client = await door(t)
    await client.streams.create('S')
    const consumer = await client.consumers.create('S', { name: 'c', rules: [{ match: '>', limit: 2 }] })
    await client.publishBatch('S', numbered(20))
    const leaving = new Collector(consumer, 6)
    const staying = new Collector(consumer, 100)
    await leaving.until(6)
    await staying.until(14)
    await leaving.close()
    await staying.until(20)
    const offsets = staying.messages.map(({ offset }) => offset).sort((a, b) => a - b)
    assert.deepEqual(
      offsets,
      Array.from({ length: 20 }, (_, index) => index),
    )
    assert.ok(staying.messages.every(({ attempt }) => attempt === 1))
    await Promise.all(staying.messages.map((message) => message.ack()))
    assert.equal((await consumer.stats()).partitions[0]!.floor, 20)
    await staying.close()
  })

  test(`${name}: every member of a consumer gets its share, and no record twice`, async (t) => {
    const client = await door(t)
    await client.streams.create('S')
    const consumer = await client.consumers.create('S', { name: 'c' })
    const counts = [0, 0, 0]
    const seen = new Set<number>()
    const subscriptions = counts.map((_, member) =>
      consumer.subscribe(
        async (message) => {
          assert.ok(!seen.has(message.offset), `${message.offset} came twice`)
          seen.add(message.offset)
          counts[member]!++
          await sleep(1)
        },
        { concurrency: 10 },
      ),
    )
    await client.publishBatch('S', numbered(1000))
    while (seen.size < 1000) await sleep(10)
    await Promise.all(subscriptions.map((subscription) => subscription.drain()))
    assert.ok(
      counts.every((count) => count > 100),
      `shares: ${counts.join(' ')}`,
    )
    assert.equal((await consumer.stats()).partitions[0]!.floor, 1000)
  })

  test(`${name}: rules belong to their consumer, and consumers do not hold each other back`, async (t) => {
    const client = await door(t)
    await client.streams.create('S')
    const strict = await client.consumers.create('S', { name: 'strict', rules: [{ match: '>', limit: 1 }] })
    const free = await client.consumers.create('S', { name: 'free', maxInflight: 1000 })
    await client.publishBatch('S', numbered(100))
    const held = new Collector(strict)
    const all = new Collector(free)
    await all.until(100)
    await held.until(10)
    await sleep(200)
    assert.equal(held.messages.length, 10)
    await client.consumers.delete('S', 'strict')
    await client.publishBatch('S', numbered(10))
    await all.until(110)
    assert.equal(held.error?.code, 'consumer-deleted')
    const again = await client.consumers.create('S', { name: 'strict' })
    const fresh = new Collector(again)
    await fresh.until(110)
    await Promise.all([held.close(), all.close(), fresh.close()])
  })

  test(`${name}: rules are altered live, and lowering recalls nothing`, async (t) => {
    const client = await door(t)
    await client.streams.create('S')
    const consumer = await client.consumers.create('S', { name: 'c', rules: [{ match: '>', limit: 5 }] })
    await client.publishBatch(
      'S',
      Array.from({ length: 30 }, () => ({ subject: 'one', data: '' })),
    )
    const collector = new Collector(consumer)
    await collector.until(5)
    await client.consumers.alter('S', 'c', { rules: [{ match: '>', limit: 2 }] })
    await Promise.all(collector.messages.slice(0, 3).map((message) => message.ack()))
    await sleep(300)
    assert.equal(collector.messages.length, 5, 'three of five settled: two are still out, the limit')
    await collector.messages[3]!.ack()
    await collector.until(6)
    await client.consumers.alter('S', 'c', { rules: [{ match: '>', limit: 10 }] })
    await collector.until(14)
    await sleep(200)
    assert.equal(collector.messages.length, 14)
    await collector.close()
  })

  test(`${name}: rejected and exhausted records become dead letters, and free their subject`, async (t) => {
    const client = await door(t)
    await client.streams.create('S')
    const rules = [{ match: '>', limit: 1 }]
    const consumer = await client.consumers.create('S', { name: 'c', maxDeliver: 3, backoffMs: [10], rules })
    for (const data of ['bad', 'worse', 'good']) {
      await client.publish('S', 'one', data, { headers: { trace: `t-${data}` } })
    }
    const seen: string[] = []
    for await (const message of consumer.messages({ window: 10 })) {
      const text = message.data!.toString()
      seen.push(text)
      if (text === 'bad') await message.reject('cannot read it')
      else if (text === 'worse') await message.nack()
      else {
        await message.ack()
        break
      }
    }
    assert.deepEqual(seen, ['bad', 'worse', 'worse', 'worse', 'good'])
    const letters = []
    for await (const batch of client.log('S.dlq').read({ partition: 0, from: 'first' }))
      letters.push(...batch.records)
    assert.deepEqual(
      letters.map(({ subject, data }) => [subject, data!.toString()]),
      [
        ['one', 'bad'],
        ['one', 'worse'],
      ],
    )
    const [bad, worse] = letters.map(({ headers }) => headers)
    assert.equal(bad!['trace'], 't-bad')
    assert.equal(bad!['sluice-reason'], 'rejected')
    assert.equal(bad!['sluice-error'], 'cannot read it')
    assert.equal(worse!['sluice-reason'], 'max-deliver')
    assert.equal(worse!['sluice-attempts'], '3')
    assert.equal(worse!['sluice-offset'], '1')
    assert.equal((await consumer.stats()).deadLettered, 2)
  })

  test(`${name}: partitions that a stream gains are delivered at once`, async (t) => {
    const client = await door(t)
    await client.streams.create('S', { partitions: 1 })
    const collector = new Collector(await client.consumers.create('S', { name: 'c' }))
    await client.publish('S', 'a', '1')
    await collector.until(1)
    await client.streams.alter('S', { partitions: 3 })
    const late = await client.publishBatch('S', numbered(60))
    await collector.until(61)
    const partitions = new Set(collector.messages.map(({ partition }) => partition))
    assert.deepEqual(partitions, new Set([0, ...late.map(({ partition }) => partition)]))
    await collector.close()
  })

  test(`${name}: partitions and limits by subject do not contradict each other`, async (t) => {
    const client = await door(t)
    await client.streams.create('S', { partitions: 1 })
    const rules = [{ match: '>', limit: 1 }]
    await client.consumers.create('S', { name: 'limited', rules })
    const growth = client.streams.alter('S', { partitions: 2 })
    await assert.rejects(growth, { code: 'invalid-stream-config', message: /limited has rules/ })
    assert.equal((await client.streams.get('S')).config.partitions, 1)
    await client.consumers.delete('S', 'limited')
    await client.streams.alter('S', { partitions: 2 })
    const late = client.consumers.create('S', { name: 'limited', rules })
    await assert.rejects(late, { code: 'invalid-rule', message: /given partitions since/ })
    const free = await client.consumers.create('S', { name: 'free' })
    await assert.rejects(client.consumers.alter('S', 'free', { rules }), { code: 'invalid-rule' })
    assert.deepEqual((await client.consumers.get('S', 'free')).info.config.rules, free.info.config.rules)
  })
}
