// A million records wait behind one subject, and no other subject notices.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { brokerFor } from '../support/broker-process.ts'
import { Collector } from '../support/collector.ts'

const backlog = 1_000_000
const others = 2_000

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}

test(
  'one subject at limit 1 with a million records waiting holds back nobody',
  { timeout: 120_000 },
  async (t) => {
    const broker = await brokerFor(t)
    const client = await broker.connect()
    t.after(() => client.close())
    await client.streams.create('ORDERS', { subjects: ['orders.>'] })
    const rules = [{ match: 'orders.freemium.>', limit: 1 }]
    const consumer = await client.consumers.create('ORDERS', { name: 'gateway', maxInflight: 10_000, rules })
    const publisher = client.publisher('ORDERS')
    for (let index = 0; index < backlog; index++) await publisher.send('orders.freemium.u1', `hot ${index}`)
    await publisher.close()
    const collector = new Collector(consumer, 10_000)
    await collector.until(1)
    await untilParked(consumer, backlog - 1)
    t.diagnostic(`broker with a million parked: ${residentMb(broker.pid).toFixed(0)} MB resident`)
    const startedAt = performance.now()
    const cold = Array.from({ length: others }, (_, index) => ({
      subject: `orders.freemium.x${index}`,
      data: 'cold',
    }))
    await client.publishBatch('ORDERS', cold)
    await collector.until(1 + others)
    t.diagnostic(`${others} other subjects delivered ${(performance.now() - startedAt).toFixed(0)} ms later`)
    const hot = collector.messages.filter(({ subject }) => subject === 'orders.freemium.u1')
    assert.equal(hot.length, 1, 'the saturated subject stays at its limit')
    await hot[0]!.ack()
    await collector.until(2 + others)
    assert.equal(collector.messages.at(-1)!.offset, 1, 'one ack frees the next of the saturated subject')
    const explained = await consumer.explain('orders.freemium.u1')
    assert.equal(explained.reason, 'pool full')
    assert.equal(explained.parked, backlog - 2)
    await collector.close()
  },
)

async function untilParked(consumer: { stats(): Promise<{ parked: number }> }, count: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if ((await consumer.stats()).parked === count) return
    await sleep(50)
  }
  assert.equal((await consumer.stats()).parked, count)
}
