// A flow consumer and a reader of a stream that is compacted: what a compaction took away is settled,
// wherever it was, and everything goes on behind it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@sluice/client'
import { Broker } from '../../broker.ts'

let broker: Broker
let client: Client

before(async () => {
  broker = await Broker.start({ memory: true, limits: { compactionCheckMs: 10 } })
  client = await broker.connect()
})

after(async () => {
  await client.close()
  await broker.close()
})

async function offsetsOf(stream: string): Promise<number[]> {
  const offsets: number[] = []
  for await (const { records } of client.log(stream).read({ partition: 0, from: { offset: 0 } }))
    offsets.push(...records.map(({ offset }) => offset))
  return offsets
}

async function compacted(stream: string, kept: readonly number[]): Promise<void> {
  await client.streams.alter(stream, { cleanupPolicy: 'compact', maxCompactionLagMs: 1 })
  for (let round = 0; round < 200 && (await offsetsOf(stream)).join() !== kept.join(); round++)
    await sleep(10)
  assert.deepEqual(await offsetsOf(stream), kept)
}

test('what is out or parked is settled when it is compacted away, and the newest comes', async () => {
  const stream = 'PARKED'
  await client.streams.create(stream)
  for (const subject of ['a', 'a', 'b', 'a', 'a', 'c']) await client.publish(stream, subject, subject)
  const rules = [{ match: '>', limit: 1 }]
  const consumer = await client.consumers.create(stream, { name: 'worker', rules, ackWaitMs: 60_000 })
  const out = await consumer.fetch(3, { timeoutMs: 5000 })
  assert.deepEqual(
    out.map(({ offset }) => offset).toSorted((one, other) => one - other),
    [0, 2, 5],
  )
  assert.equal((await consumer.stats()).parked, 3)
  await compacted(stream, [2, 4, 5])
  const [newest] = await consumer.fetch(1, { timeoutMs: 5000 })
  assert.equal(newest!.offset, 4)
  assert.equal((await consumer.stats()).parked, 0)
  for (const message of [newest!, ...out.filter(({ offset }) => offset > 0)]) await message.ack()
  const { inFlight, parked } = await consumer.stats()
  assert.deepEqual([inFlight, parked], [0, 0])
  await client.publish(stream, 'a', 'goes on')
  assert.deepEqual(
    (await consumer.fetch(1, { timeoutMs: 5000 })).map(({ offset }) => offset),
    [6],
  )
})

test('a consumer that begins at the first record gets the newest of each subject over the gaps', async () => {
  const stream = 'GAPS'
  await client.streams.create(stream)
  for (let index = 0; index < 100; index++) await client.publish(stream, `s${index % 4}`, `${index}`)
  await compacted(stream, [96, 97, 98, 99])
  const consumer = await client.consumers.create(stream, { name: 'late', ackWaitMs: 60_000 })
  const messages = await consumer.fetch(4, { timeoutMs: 5000 })
  assert.deepEqual(
    messages.map(({ offset }) => offset),
    [96, 97, 98, 99],
  )
})
