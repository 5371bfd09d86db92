// What subjects and parked records cost in memory (docs/internals/flow-control.md, "Structures"). Counted,
// not timed.

import assert from 'node:assert/strict'
import test from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { FlowDriver } from './flow-driver.fixture.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes that the state holds after a run, without those of the batches that the driver keeps. */
async function bytesHeld(run: () => void, driver: FlowDriver): Promise<number> {
  const before = await used()
  run()
  driver.forgetBatches()
  return (await used()) - before
}

async function used(): Promise<number> {
  // Why three times: array buffers are given back by a later turn than the one that found them unused.
  for (let times = 0; times < 3; times++) {
    collectGarbage()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const million = 1_000_000
const perBatch = 10_000

test('what is compiled on the way is not counted', () => {
  const warmUp = new FlowDriver({ rules: [{ match: '>', limit: 1 }] })
  for (let count = 0; count < 50; count++) {
    warmUp.publish(Array.from({ length: perBatch }, () => 'orders.freemium.u1'))
    warmUp.deliver(perBatch, 1, () => {})
  }
  assert.equal(warmUp.state.parked, 50 * perBatch - 1)
})

test('a million records parked on one subject hold at most 8.5 bytes each', async (t) => {
  const driver = new FlowDriver({ rules: [{ match: '>', limit: 1 }], maxInflight: million })
  const subjects = Array.from({ length: perBatch }, () => 'orders.freemium.u1')
  const held = await bytesHeld(() => {
    for (let count = 0; count < million; count += perBatch) {
      driver.publish(subjects)
      driver.deliver(perBatch, 1, () => {})
    }
  }, driver)
  assert.equal(driver.state.parked, million - 1)
  t.diagnostic(`${(held / million).toFixed(2)} bytes a parked record`)
  assert.ok(held <= 8.5 * million, `${held} bytes`)
})

test('a million active subjects hold at most 200 bytes each, and their keys', async (t) => {
  const driver = new FlowDriver({ maxInflight: million })
  let keyBytes = 0
  const held = await bytesHeld(() => {
    for (let count = 0; count < million; count += perBatch) {
      const subjects = Array.from({ length: perBatch }, (_, index) => `orders.freemium.u${count + index}`)
      for (const subject of subjects) keyBytes += subject.length
      driver.publish(subjects)
      driver.deliver(perBatch, 1, () => {})
    }
  }, driver)
  assert.equal(driver.state.pools.count, million)
  const each = (held - keyBytes) / million
  t.diagnostic(`${each.toFixed(0)} bytes an active subject with one delivery out, beside its key`)
  assert.ok(each <= 200, `${each} bytes`)
})

test('a million subjects of two captured pools hold at most 200 bytes each, and their keys', async (t) => {
  const rules = [
    { match: '{tenant}.*.*', limit: million },
    { match: '*.{plan}.*', limit: million },
  ]
  const driver = new FlowDriver({ maxInflight: million, rules })
  let keyBytes = 0
  const held = await bytesHeld(() => {
    for (let count = 0; count < million; count += perBatch) {
      const subjects = Array.from(
        { length: perBatch },
        (_, index) => `t${index % 1000}.free.u${count + index}`,
      )
      for (const subject of subjects) keyBytes += subject.length
      driver.publish(subjects)
      driver.deliver(perBatch, 1, () => {})
    }
  }, driver)
  assert.equal(driver.state.pools.count, million)
  assert.equal(driver.state.totals.gates.table.count, 1001)
  const each = (held - keyBytes) / million
  t.diagnostic(`${each.toFixed(0)} bytes an active subject of two captured pools, beside its key`)
  assert.ok(each <= 200, `${each} bytes`)
})

test('idle subjects of captured pools hold nothing but the last few bundles', async () => {
  const driver = new FlowDriver({ maxInflight: million, rules: [{ match: '{tenant}.*', limit: 1 }] })
  const slots: number[] = []
  driver.publish(Array.from({ length: perBatch }, (_, index) => `t${index}.a`))
  driver.deliver(perBatch, 1, (slot) => slots.push(slot))
  for (const slot of slots) driver.state.settle(slot)
  assert.equal(driver.state.pools.count, 0)
  const { table, bundles } = driver.state.totals.gates
  assert.ok(table.count <= 256 && bundles.count <= 256, `${table.count} gates, ${bundles.count} bundles`)
})

test('idle subjects hold nothing', async (t) => {
  const driver = new FlowDriver({ maxInflight: million })
  const held = await bytesHeld(() => {
    const slots: number[] = []
    for (let count = 0; count < 100_000; count += perBatch) {
      driver.publish(Array.from({ length: perBatch }, (_, index) => `orders.freemium.u${count + index}`))
      driver.deliver(perBatch, 1, (slot) => slots.push(slot))
    }
    for (const slot of slots) driver.state.settle(slot)
  }, driver)
  assert.equal(driver.state.pools.count, 0)
  t.diagnostic(`${held} bytes after a hundred thousand subjects`)
  assert.ok(held <= 1_000_000, `${held} bytes`)
})
