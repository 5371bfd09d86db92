// Processes that stop without ending, as under a debugger, a full machine or a suspended laptop.

import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@sluice/client'
import type { Client } from '@sluice/client'
import { brokerFor } from '../support/broker-process.ts'
import { holderFor } from '../support/client-process.ts'
import { Collector } from '../support/collector.ts'
import { noProcessMemory, residentMiB } from '../support/process-memory.ts'

for (const keepAliveMs of [30_000, 1000]) {
  const what = keepAliveMs === 1000 ? 'and clients that give it up come back' : 'and clients wait for it'
  test(`a broker stands still for 3 s, ${what}: nothing is lost`, { timeout: 60_000 }, async (t) => {
    const broker = await brokerFor(t)
    const client = await connect({ servers: [broker.address], keepAliveMs })
    t.after(() => client.close())
    let disconnects = 0
    client.on('disconnect', () => disconnects++)
    await client.streams.create('S')
    const consumer = await client.consumers.create('S', { name: 'c', rules: [{ match: '>', limit: 1 }] })
    const settled = new Set<number>()
    const undecided = new Set<number>()
    const repeated: number[] = []
    const subscription = consumer.subscribe(async (message) => {
      if (settled.has(message.offset)) repeated.push(message.offset)
      // An ack that the connection broke over may have been carried out or not; the floor tells in the end.
      await message.ack().then(
        () => settled.add(message.offset),
        () => undecided.add(message.offset),
      )
    })
    const publishing = { isOver: false }
    const confirming = publishSteadily(client, publishing)
    await sleep(500)
    broker.signal('SIGSTOP')
    await sleep(3000)
    broker.signal('SIGCONT')
    await sleep(1500)
    publishing.isOver = true
    const confirmed = await confirming
    const deadline = Date.now() + 20_000
    const missing = (): number[] =>
      confirmed.filter((offset) => !settled.has(offset) && !undecided.has(offset))
    // Also what was stored without its publisher hearing of it has to be settled in the end.
    const unsettled = async (): Promise<number> => {
      const { highWatermark } = (await client.streams.get('S')).partitions[0]!
      return highWatermark - (await consumer.stats()).partitions[0]!.floor
    }
    while ((await unsettled()) > 0 && Date.now() < deadline) await sleep(20)
    assert.equal(await unsettled(), 0)
    await subscription.drain()
    t.diagnostic(`${confirmed.length} confirmed, ${disconnects} disconnects`)
    assert.deepEqual(missing(), [])
    assert.deepEqual(repeated, [], 'nothing comes back after its ack was confirmed')
    assert.ok(confirmed.length > 20)
    assert.equal(disconnects > 0, keepAliveMs === 1000)
  })
}

/** Offsets of what was confirmed. A publish whose outcome is unknown counts as not confirmed. */
async function publishSteadily(client: Client, until: { isOver: boolean }): Promise<number[]> {
  const offsets: number[] = []
  for (let number = 0; !until.isOver; number++) {
    try {
      offsets.push((await client.publish('S', `s.${number % 7}`, `${number}`)).offset)
    } catch {
      await sleep(20)
    }
    await sleep(2)
  }
  return offsets
}

const stalledPeerMs = 5000
const messageBytes = 64 * 1024
/** Why so many: what has gone through and waits to be collected may be a hundred MiB. */
const messageCount = 6000

test(
  'a client that stands still costs no memory, delays nobody, and is given up',
  { skip: noProcessMemory, timeout: 60_000 },
  async (t) => {
    const broker = await brokerFor(t, {
      flags: [
        `--stalled-peer-ms=${stalledPeerMs}`,
        `--tail-cache-bytes=${2 ** 20}`,
        `--record-cache-bytes=${2 ** 20}`,
      ],
    })
    const client = await broker.connect()
    t.after(() => client.close())
    await client.streams.create('LARGE', { durability: 'os' })
    await client.streams.create('S')
    const large = await client.consumers.create('LARGE', { name: 'c', maxInflight: 100_000, ackWaitMs: 0 })
    const holder = await holdingOne(t, broker.address, client)
    const before = residentMiB(broker.pid)
    holder.kill('SIGSTOP')
    const stoppedAt = performance.now()
    const publisher = client.publisher('LARGE')
    for (let number = 0; number < messageCount; number++)
      await publisher.send(`l.${number}`, Buffer.alloc(messageBytes, number))
    await publisher.flush()
    const delaysMs = await roundTrips(client, 60)
    const stats = await large.stats()
    const hasTime = performance.now() - stoppedAt < stalledPeerMs
    assert.ok(stats.members === 1 || !hasTime, 'it is still a member')
    assert.ok(stats.inFlight < messageCount, 'it is not given what it does not take')
    const grownMiB = residentMiB(broker.pid) - before
    const heldMiB = (messageBytes * messageCount) / 2 ** 20
    const slowest = delaysMs.toSorted((a, b) => a - b).at(-3)!
    t.diagnostic(
      `others: ${slowest.toFixed(1)} ms at the most; ${grownMiB.toFixed(0)} MiB more of ${heldMiB}`,
    )
    assert.ok(grownMiB < heldMiB / 2, `${grownMiB} MiB more`)
    assert.ok(slowest < 250, `another consumer waited ${slowest} ms`)
    while ((await large.stats()).members > 0) {
      assert.ok(performance.now() - stoppedAt < 20_000, 'it is not given up')
      await sleep(50)
    }
    assert.match(broker.errorText, /peer-stalled/)
    assert.ok(performance.now() - stoppedAt > stalledPeerMs, 'it had its time')
    const collector = new Collector(large, messageCount + 1)
    await collector.until(messageCount + 1)
    assert.equal(new Set(collector.messages.map(({ offset }) => offset)).size, messageCount + 1)
    await collector.close()
  },
)

async function holdingOne(
  t: Parameters<typeof holderFor>[0],
  address: string,
  client: Client,
): ReturnType<typeof holderFor> {
  await client.publish('LARGE', 'l.first', '')
  return holderFor(t, address, ['LARGE', 'c', 100_000])
}

/** How long another consumer waits for what is published, so many times. */
async function roundTrips(client: Client, count: number): Promise<number[]> {
  const consumer = await client.consumers.create('S', { name: 'other' })
  const delaysMs: number[] = []
  const collector = new Collector(consumer)
  for (let number = 0; number < count; number++) {
    const startMs = performance.now()
    await client.publish('S', 'a', '')
    await collector.until(number + 1)
    delaysMs.push(performance.now() - startMs)
    await collector.messages[number]!.ack()
  }
  await collector.close()
  return delaysMs
}
