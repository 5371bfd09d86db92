// One client that asks for far more than anybody needs, while another wants to be served.

import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, Message } from '@sluice/client'
import { brokerFor } from '../support/broker-process.ts'
import type { BrokerProcess } from '../support/broker-process.ts'
import { Collector } from '../support/collector.ts'

const count = 50_000
/** Generous, for a busy machine; what these tests are about would take minutes. */
const patienceMs = 5_000

/** Asks the broker something all the time; answers with the longest wait. */
function watch(client: Client): () => Promise<number> {
  let isOver = false
  let longestMs = 0
  const watching = (async () => {
    while (!isOver) {
      const startMs = performance.now()
      await client.broker()
      longestMs = Math.max(longestMs, performance.now() - startMs)
      await sleep(10)
    }
  })()
  return async () => {
    isOver = true
    await watching
    return longestMs
  }
}

async function connected(t: { after(end: () => unknown): void }, broker: BrokerProcess): Promise<Client> {
  const client = await broker.connect()
  t.after(() => client.close())
  return client
}

async function publishMany(client: Client, subjectOf: (number: number) => string): Promise<void> {
  const publisher = client.publisher('S')
  for (let number = 0; number < count; number++) await publisher.send(subjectOf(number), '')
  await publisher.close()
}

test(`${count} records of one subject are given back in any order`, { timeout: 60_000 }, async (t) => {
  const broker = await brokerFor(t)
  const [client, other] = [await connected(t, broker), await connected(t, broker)]
  await client.streams.create('S', { durability: 'os' })
  const consumer = await client.consumers.create('S', { name: 'c', maxInflight: count, ackWaitMs: 0 })
  await publishMany(client, () => 'one')
  const collector = new Collector(consumer, count)
  await collector.until(count)
  const longest = watch(other)
  await Promise.all(interleaved(collector.messages).map((message) => message.nack({ delayMs: 0 })))
  await collector.until(2 * count)
  const longestMs = await longest()
  t.diagnostic(`somebody else waited ${longestMs.toFixed(0)} ms at the most`)
  assert.ok(longestMs < patienceMs)
  const again = collector.messages.slice(count)
  assert.ok(again.every(({ attempt }) => attempt === 2))
  assert.equal(new Set(again.map(({ offset }) => offset)).size, count)
  await collector.close()
})

/** The odd ones backwards, the even ones forwards. */
function interleaved(messages: readonly Message[]): Message[] {
  return [...messages.filter((_, at) => at % 2 === 1).reverse(), ...messages.filter((_, at) => at % 2 === 0)]
}

test('a connection with 500 members that hold everything goes', { timeout: 60_000 }, async (t) => {
  const broker = await brokerFor(t)
  const [client, other] = [await connected(t, broker), await connected(t, broker)]
  const leaving = await broker.connect()
  await client.streams.create('S', { durability: 'os' })
  const consumer = await client.consumers.create('S', { name: 'c', maxInflight: count })
  await publishMany(client, (number) => `s.${number}`)
  const held = await leaving.consumers.get('S', 'c')
  for (let member = 0; member < 500; member++) new Collector(held, count / 500)
  while ((await consumer.stats()).inFlight < count) await sleep(20)
  const longest = watch(other)
  await leaving.close()
  while ((await consumer.stats()).members > 0) await sleep(20)
  const longestMs = await longest()
  t.diagnostic(`somebody else waited ${longestMs.toFixed(0)} ms at the most`)
  assert.ok(longestMs < patienceMs)
  const { ready, inFlight, released, timedOut } = await consumer.stats()
  assert.deepEqual([ready, inFlight, released, timedOut], [count, 0, count, 0])
})

test('100 000 publishes that nobody awaits are stored in the order of the calls', async (t) => {
  const broker = await brokerFor(t)
  const client = await connected(t, broker)
  await client.streams.create('S')
  const published = await Promise.all(
    Array.from({ length: 100_000 }, (_, number) => client.publish('S', `s.${number % 100}`, `${number}`)),
  )
  assert.ok(published.every(({ offset }, number) => offset === number))
  let next = 0
  for await (const { records } of client.log('S').read({}))
    for (const { data } of records) assert.equal(Number(data!.toString()), next++)
  assert.equal(next, 100_000)
})
