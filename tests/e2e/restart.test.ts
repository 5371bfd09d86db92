// What survives kill -9: every confirmed publish, every confirmed settle, every hole between
// them, every attempt.

import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, Message } from '@sluice/client'
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

const rounds = 12

test(
  `${rounds} rounds of kill -9 under load: nothing confirmed is lost, nothing settled returns`,
  { timeout: 240_000 },
  async (t) => {
    const broker = await brokerFor(t)
    const client = await broker.connect()
    t.after(() => client.close())
    await client.streams.create('S', { partitions: 2 })
    const rules = [
      { match: 'strict.>', limit: 1 },
      { match: 'wide.>', limit: 5 },
    ]
    const consumer = await client.consumers.create('S', { name: 'c', maxInflight: 500, rules })
    const history = new History()
    const publishing = publishUntil(client, history)
    const subscription = consumer.subscribe((message) => history.work(message), { concurrency: 50 })
    for (let round = 0; round < rounds; round++) {
      await sleep(400 + (round % 4) * 150)
      await broker.kill()
      history.brokerDied()
      await broker.start()
    }
    history.isOver = true
    await publishing
    const deadline = Date.now() + 60_000
    while (history.missing().length > 0 && Date.now() < deadline) await sleep(50)
    await subscription.drain()
    const missing = history.missing()
    t.diagnostic(
      `${history.confirmed.size} confirmed, ${history.deliveries} deliveries, ${history.failedPublishes} cut`,
    )
    assert.deepEqual(missing.slice(0, 10), [], `${missing.length} confirmed records were never settled`)
    assert.deepEqual(history.faults, [])
    const stats = await consumer.stats()
    for (const { partition, floor, unread } of stats.partitions) {
      const { highWatermark } = (await client.streams.get('S')).partitions[partition]!
      assert.equal(floor, highWatermark)
      assert.equal(unread, 0)
    }
  },
)

/** What the publisher and the workers saw. Places are `partition/offset`. */
class History {
  readonly confirmed = new Map<string, string>()
  readonly settled = new Set<string>()
  readonly faults: string[] = []
  readonly #out = new Map<string, Set<string>>()
  readonly #lastFirst = new Map<string, number>()
  readonly #seen = new Set<string>()
  /** Acks that the broker died over: they may have been persisted or not. */
  readonly #undecided = new Set<string>()
  deliveries = 0
  failedPublishes = 0
  isOver = false
  #life = 0

  /** What was out is out no more: the broker that counted it is gone. */
  brokerDied(): void {
    this.#out.clear()
    this.#life++
  }

  async work(message: Message): Promise<void> {
    const place = `${message.partition}/${message.offset}`
    const life = this.#life
    this.deliveries++
    this.#check(message, place)
    await sleep(Math.random() * 5)
    if (life === this.#life) this.#out.get(message.subject)?.delete(place)
    try {
      await message.ack()
      this.settled.add(place)
    } catch {
      this.#undecided.add(place)
    }
  }

  #check({ subject, partition, offset }: Message, place: string): void {
    if (this.settled.has(place)) this.faults.push(`${place} came after its ack was confirmed`)
    const out = this.#out.get(subject) ?? new Set()
    this.#out.set(subject, out)
    const limit = subject.startsWith('strict.') ? 1 : 5
    if (!out.has(place) && out.size >= limit)
      this.faults.push(`${subject} has more than ${limit} out: ${[...out].join(' ')} and ${place}`)
    out.add(place)
    if (this.#seen.has(place)) return
    this.#seen.add(place)
    const key = `${partition} ${subject}`
    const isLate = offset < (this.#lastFirst.get(key) ?? -1)
    if (subject.startsWith('strict.') && isLate)
      this.faults.push(`${place} of ${subject} comes after a later one`)
    this.#lastFirst.set(key, offset)
  }

  /** Confirmed records whose settling nobody has seen, nor may have happened unseen. */
  missing(): string[] {
    return [...this.confirmed.keys()].filter(
      (place) => !this.settled.has(place) && !this.#undecided.has(place),
    )
  }
}

async function publishUntil(client: Client, history: History): Promise<void> {
  for (let number = 0; !history.isOver; number++) {
    const kind = number % 3 === 0 ? 'wide' : 'strict'
    const subject = `${kind}.u${number % 40}`
    try {
      const batch = Array.from({ length: 5 }, (_, index) => ({ subject, data: `${number}.${index}` }))
      for (const { partition, offset } of await client.publishBatch('S', batch)) {
        history.confirmed.set(`${partition}/${offset}`, subject)
      }
    } catch {
      history.failedPublishes++
      await sleep(20)
    }
  }
}
