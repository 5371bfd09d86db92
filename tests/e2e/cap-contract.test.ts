// The contract of a limit: exactly N out, nothing more however long one waits, and one settle
// frees exactly one.

import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Collector } from '../support/collector.ts'
import { doors } from '../support/doors.ts'

for (const [name, door] of doors) {
  test(`${name}: a limit of 3 lets exactly 3 out, and one ack frees one of the same subject`, async (t) => {
    const client = await door(t)
    await client.streams.create('S', { subjects: ['jobs.>'] })
    const consumer = await client.consumers.create('S', { name: 'c', rules: [{ match: 'jobs.*', limit: 3 }] })
    const messages = Array.from({ length: 40 }, (_, index) => ({
      subject: `jobs.u${index % 4}`,
      data: `${index}`,
    }))
    await client.publishBatch('S', messages)
    const collector = new Collector(consumer)
    await collector.until(12)
    await sleep(1000)
    assert.equal(collector.messages.length, 12, `more than 3 of a subject came: ${collector.subjects()}`)
    for (const subject of ['jobs.u0', 'jobs.u1', 'jobs.u2', 'jobs.u3']) {
      const offsets = collector.messages
        .filter((message) => message.subject === subject)
        .map(({ offset }) => offset)
      const first = Number(subject.at(-1))
      assert.deepEqual(offsets, [first, first + 4, first + 8], `the first of ${subject}`)
    }
    await collector.messages.find(({ subject, offset }) => subject === 'jobs.u2' && offset === 6)!.ack()
    await collector.until(13)
    await sleep(500)
    assert.equal(collector.messages.length, 13)
    assert.equal(collector.messages[12]!.subject, 'jobs.u2')
    assert.equal(collector.messages[12]!.offset, 14)
    await collector.close()
  })

  test(`${name}: maxInflight and the member's window hold over all subjects`, async (t) => {
    const client = await door(t)
    await client.streams.create('S')
    const consumer = await client.consumers.create('S', { name: 'c', maxInflight: 5 })
    await client.publishBatch(
      'S',
      Array.from({ length: 50 }, (_, index) => ({ subject: `s.${index}`, data: '' })),
    )
    const narrow = new Collector(consumer, 2)
    await narrow.until(2)
    const wide = new Collector(consumer, 100)
    await wide.until(3)
    await sleep(500)
    assert.deepEqual([narrow.messages.length, wide.messages.length], [2, 3])
    await narrow.messages[0]!.ack()
    await sleep(300)
    assert.equal(narrow.messages.length + wide.messages.length, 6)
    await Promise.all([narrow.close(), wide.close()])
  })

  test(`${name}: strict order at limit 1, also through nack, delay and timeout`, async (t) => {
    const client = await door(t)
    await client.streams.create('S')
    const consumer = await client.consumers.create('S', {
      name: 'c',
      ackWaitMs: 300,
      rules: [{ match: '>', limit: 1 }],
    })
    await client.publishBatch(
      'S',
      Array.from({ length: 6 }, (_, index) => ({ subject: 'one', data: `${index}` })),
    )
    const seen: string[] = []
    const times: number[] = []
    for await (const message of consumer.messages({ window: 10 })) {
      seen.push(`${message.offset}/${message.attempt}`)
      times.push(performance.now())
      if (message.offset === 1 && message.attempt === 1) await message.nack()
      else if (message.offset === 2 && message.attempt === 1) await message.nack({ delayMs: 400 })
      else if (message.offset === 3 && message.attempt === 1) await sleep(450)
      else if (message.offset === 4 && seen.length === 8) await message.release()
      else await message.ack()
      if (message.offset === 5) break
    }
    assert.deepEqual(seen, ['0/1', '1/1', '1/2', '2/1', '2/2', '3/1', '3/2', '4/1', '4/1', '5/1'])
    assert.ok(times[4]! - times[3]! >= 400, 'a delay may be late, never early')
  })

  test(`${name}: a delayed record of a saturated subject is never early, and blocks nobody`, async (t) => {
    const client = await door(t)
    await client.streams.create('S')
    const consumer = await client.consumers.create('S', { name: 'c', rules: [{ match: 'hot.>', limit: 2 }] })
    await client.publishBatch(
      'S',
      Array.from({ length: 300 }, (_, index) => ({ subject: 'hot.a', data: `${index}` })),
    )
    const collector = new Collector(consumer)
    await collector.until(2)
    const nackedAt = performance.now()
    await collector.messages[0]!.nack({ delayMs: 600 })
    await collector.until(3)
    assert.equal(collector.messages[2]!.offset, 2, 'above limit 1 a delayed record frees its slot')
    await client.publish('S', 'cold', 'x')
    await collector.until(4)
    assert.equal(collector.messages[3]!.subject, 'cold')
    await collector.messages[1]!.ack()
    await collector.until(5)
    assert.equal(collector.messages[4]!.offset, 3, 'not due yet: the next one')
    await sleep(Math.max(0, 650 - (performance.now() - nackedAt)))
    await collector.messages[2]!.ack()
    await collector.until(6)
    assert.equal(collector.messages[5]!.offset, 0, 'a record that is due goes before the parked ones')
    assert.equal(collector.messages[5]!.attempt, 2)
    await collector.close()
  })
}
