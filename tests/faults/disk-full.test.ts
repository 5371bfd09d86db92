// A disk that fills under a running broker: everything that needs space is refused with a typed error,
// everything else goes on, and nothing that was acknowledged is lost.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, Message } from '@sluice/client'
import { brokerFor } from '../support/broker-process.ts'
import type { BrokerProcess } from '../support/broker-process.ts'
import { Collector } from '../support/collector.ts'
import { assertRefusal, refused } from '../support/failing.ts'
import { noSmallDisks, smallDiskFor } from '../support/small-disk.ts'
import type { SmallDisk } from '../support/small-disk.ts'

interface Setup {
  readonly disk: SmallDisk
  readonly broker: BrokerProcess
  readonly client: Client
}

async function setUp(t: TestContext): Promise<Setup> {
  const disk = smallDiskFor(t, 12)
  const broker = await brokerFor(t, { dataDir: join(disk.path, 'data') })
  const client = await broker.connect()
  t.after(() => client.close())
  await client.streams.create('S')
  return { disk, broker, client }
}

async function readAll(client: Client, stream: string): Promise<Map<number, string>> {
  const records = new Map<number, string>()
  for await (const batch of client.log(stream).read({ from: 'first' }))
    for (const { offset, data } of batch.records) records.set(offset, data!.toString('latin1', 0, 16))
  return records
}

test('publishing into a full disk', { skip: noSmallDisks, timeout: 60_000 }, async (t) => {
  const { disk, broker, client } = await setUp(t)
  const confirmed = new Map<number, string>()
  let sent = 0
  /** Publishes until refused; answers with the refusal. */
  const publishUntilFull = async (): Promise<unknown> => {
    for (;;) {
      const name = `n${sent++} `.padEnd(16)
      try {
        const { offset } = await client.publish('S', 'a', name + 'x'.repeat(100_000))
        confirmed.set(offset, name)
      } catch (error) {
        return error
      }
      assert.ok(sent < 500, 'the disk does not fill')
    }
  }
  let disconnects = 0
  client.on('disconnect', () => disconnects++)
  assertRefusal(await publishUntilFull(), 'disk-full', broker.dataDir)
  assert.ok(confirmed.size > 50)
  // Many at once, of which none fits.
  const parallel = await Promise.allSettled(
    Array.from({ length: 20 }, () => client.publish('S', 'a', 'y'.repeat(200_000))),
  )
  for (const outcome of parallel) {
    assert.equal(outcome.status, 'rejected')
    assertRefusal((outcome as PromiseRejectedResult).reason, 'disk-full')
  }
  disk.fill()
  // The last page of the catalog's file may have room for some.
  const created = ['S']
  await refused(createUntilFull(client, created), 'disk-full')
  const streams = async (): Promise<string[]> => (await client.streams.list()).map(({ name }) => name)
  assert.deepEqual(await streams(), created)
  await refused(client.consumers.create('S', { name: 'c', filter: ['x'.repeat(250)] }), 'disk-full')
  assert.deepEqual(await client.consumers.list('S'), [])
  assert.deepEqual(
    await readAll(client, 'S'),
    confirmed,
    'what is confirmed is readable, and nothing else is',
  )
  assert.equal((await client.streams.get('S')).partitions[0]!.offline, undefined)
  disk.free()
  await client.streams.create('U')
  await client.consumers.create('S', { name: 'd' })
  assertRefusal(await publishUntilFull(), 'disk-full')
  const { offset } = await client.publish('S', 'a', 'the last one    ')
  confirmed.set(offset, 'the last one    ')
  assert.equal(disconnects, 0)
  await broker.kill()
  await broker.start()
  assert.deepEqual(await readAll(client, 'S'), confirmed)
  assert.deepEqual(await streams(), [...created, 'U'])
  assert.equal((await client.consumers.list('S')).length, 1)
})

/** Creates streams until one is refused; those before it are added to `created`. */
async function createUntilFull(client: Client, created: string[]): Promise<void> {
  for (let number = 100; ; number++) {
    await client.streams.create(`T${number}`)
    created.push(`T${number}`)
  }
}

test(
  'a broker that ended on a full disk starts on it and serves',
  { skip: noSmallDisks, timeout: 60_000 },
  async (t) => {
    const { disk, broker, client } = await setUp(t)
    await client.publish('S', 'a', 'x')
    disk.fill()
    await refused(client.publish('S', 'a', 'y'.repeat(8000)), 'disk-full')
    await broker.kill()
    const start = await broker.start().then(
      () => 'started',
      () => broker.errorText,
    )
    t.diagnostic(`on a full disk: ${start}`)
    if (start !== 'started') {
      assert.match(start, /space|disk/i)
      disk.free()
      await broker.start()
    }
    assert.equal((await readAll(client, 'S')).size, 1)
    disk.free()
    await client.publish('S', 'a', 'z')
    assert.equal((await readAll(client, 'S')).size, 2)
  },
)

test('settling while the disk is full', { skip: noSmallDisks, timeout: 60_000 }, async (t) => {
  const { disk, broker, client } = await setUp(t)
  const consumer = await client.consumers.create('S', { name: 'c', rules: [{ match: '>', limit: 1 }] })
  await client.publishBatch(
    'S',
    Array.from({ length: 220 }, (_, at) => ({ subject: `s.${at}`, data: '' })),
  )
  const collector = new Collector(consumer)
  await collector.until(220)
  const confirmed = new Set<number>()
  const settle = async (message: Message): Promise<unknown> => {
    try {
      await message.ack()
      confirmed.add(message.offset)
      return undefined
    } catch (error) {
      return error
    }
  }
  for (const message of collector.messages.slice(0, 10)) assert.equal(await settle(message), undefined)
  disk.fill()
  let refusals = 0
  for (const message of collector.messages.slice(10, 200)) {
    const error = await settle(message)
    if (error === undefined) continue
    assertRefusal(error, 'settle-not-durable')
    refusals++
  }
  assert.ok(refusals > 0, 'the disk was not full')
  assert.equal(collector.error, undefined, 'the subscription goes on')
  disk.free()
  for (const message of collector.messages.slice(200, 210)) assert.equal(await settle(message), undefined)
  await broker.kill()
  await collector.close()
  await broker.start()
  const again = new Collector(consumer)
  await again.until(10)
  await sleep(300)
  const back = again.messages.map(({ offset }) => offset)
  assert.deepEqual(
    back.filter((offset) => confirmed.has(offset)),
    [],
    'nothing whose ack was confirmed comes back',
  )
  for (let offset = 210; offset < 220; offset++) assert.ok(back.includes(offset), `${offset} is lost`)
  t.diagnostic(`${refusals} acks refused, ${back.length - 10} of them came back after kill -9`)
  await again.close()
})

for (const isLetterKept of [false, true]) {
  const what = isLetterKept ? 'progress has no space but the letter has' : 'the letter has no space'
  test(`dead-lettering while ${what}`, { skip: noSmallDisks, timeout: 60_000 }, async (t) => {
    const { disk, broker, client } = await setUp(t)
    // Letters in memory are kept when the disk is full; only the settlement behind them has no space.
    await client.streams.create('S.dlq', { durability: isLetterKept ? 'memory' : 'fsync' })
    const consumer = await client.consumers.create('S', { name: 'c', rules: [{ match: '>', limit: 1 }] })
    const messages = Array.from({ length: 12 }, (_, at) => ({ subject: `s.${at % 6}`, data: `${at}` }))
    await client.publishBatch('S', messages)
    const collector = new Collector(consumer)
    await collector.until(6)
    disk.fill()
    const rejected = collector.messages.slice(0, 4)
    const outcomes = await Promise.allSettled(rejected.map((message) => message.reject('bad')))
    t.diagnostic(`while full: ${outcomes.map(({ status }) => status).join(' ')}`)
    if (!isLetterKept) {
      const held = await consumer.stats()
      assert.equal(held.deadLettered, 0)
      assert.equal(held.inFlight, 6, 'a record without its letter keeps its slot')
      const { reason } = await consumer.explain(rejected[0]!.subject)
      assert.equal(reason, 'dead-lettering')
    }
    await sleep(1500)
    disk.free()
    await collector.until(10)
    assert.deepEqual(
      await originsOf(client),
      rejected.map(({ offset }) => offset),
      'each letter once, whatever was tried',
    )
    // Slots that are free again serve others, which no late retry may touch.
    await client.publishBatch(
      'S',
      Array.from({ length: 6 }, (_, at) => ({ subject: `n.${at}`, data: '' })),
    )
    await collector.until(16)
    await sleep(1500)
    const stats = await consumer.stats()
    assert.equal(stats.deadLettered, 4)
    assert.equal(stats.inFlight, 12)
    assert.deepEqual(
      await originsOf(client),
      rejected.map(({ offset }) => offset),
    )
    assert.doesNotMatch(broker.errorText, /TypeError/)
    for (let next = 4; next < 18; next++) {
      await collector.until(next + 1)
      await collector.messages[next]!.ack()
    }
    assert.equal((await consumer.stats()).partitions[0]!.floor, 18)
    await collector.close()
  })
}

/** The offsets that the dead letters name, in order. */
async function originsOf(client: Client): Promise<number[]> {
  const offsets: number[] = []
  for await (const { records } of client.log('S.dlq').read({}))
    offsets.push(...records.map(({ headers }) => Number(headers['sluice-offset'])))
  return offsets.sort((a, b) => a - b)
}
