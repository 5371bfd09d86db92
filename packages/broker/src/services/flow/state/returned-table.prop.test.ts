// Records that come back in any order, and go out again in theirs.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { FlowDriver } from './flow-driver.fixture.ts'
import { checkInvariants } from './flow-invariants.ts'
import { ReturnedTable } from './returned-table.ts'

test('a pool gives its lowest offset first, whatever came in which order', () => {
  const entries = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 1 << 20 })), { maxLength: 300 })
  fc.assert(
    fc.property(entries, (given) => {
      const table = new ReturnedTable()
      for (const [pool, offset] of given) table.add(pool, offset)
      assert.equal(table.count, given.length)
      for (let pool = 0; pool <= 3; pool++) {
        const offsets = given.filter(([of]) => of === pool).map(([, offset]) => offset)
        for (const offset of offsets.sort((a, b) => a - b)) {
          assert.equal(table.firstOf(pool), offset)
          assert.equal(table.take(pool), offset)
        }
        assert.equal(table.firstOf(pool), Infinity)
        assert.deepEqual(table.offsetsOf(pool), [])
      }
      assert.equal(table.count, 0)
    }),
  )
})

test('hundreds of one subject that come back in any order go out in the order of the log', () => {
  const count = 400
  const order = fc.shuffledSubarray(
    Array.from({ length: count }, (_, slot) => slot),
    { minLength: count },
  )
  fc.assert(
    fc.property(order, fc.nat({ max: count }), (slots, again) => {
      const driver = new FlowDriver({ maxInflight: count, rules: [{ match: 'a', limit: count }] })
      const { state } = driver
      driver.publish(Array.from({ length: count + 10 }, () => 'a'))
      driver.deliver(2 * count, 1, () => {})
      driver.deliver(2 * count, 1, () => {})
      for (const slot of slots.slice(0, again)) state.release(slot)
      checkInvariants(state)
      for (const slot of slots.slice(again)) state.fail(slot, { text: '' }, driver.moment)
      checkInvariants(state)
      const offsets: number[] = []
      for (let round = 0; round < 2; round++) {
        const out: number[] = []
        driver.deliver(count, 1, (slot) => out.push(slot))
        offsets.push(...out.map((slot) => state.deliveries.offset[slot]!))
        for (const slot of out) state.settle(slot)
        checkInvariants(state)
      }
      assert.deepEqual(
        offsets,
        Array.from({ length: count + 10 }, (_, offset) => offset),
      )
      assert.equal(state.pools.count, 0)
    }),
    { numRuns: 30 },
  )
})

test('a hundred thousand that come back, first to last, do not take a walk each', () => {
  const count = 100_000
  const driver = new FlowDriver({ maxInflight: count })
  driver.publish(Array.from({ length: count }, () => 'a'))
  const slots: number[] = []
  driver.deliver(count, 1, (slot) => slots.push(slot))
  const startMs = performance.now()
  for (const slot of slots) driver.state.fail(slot, { text: '' }, driver.moment)
  const tookMs = performance.now() - startMs
  assert.ok(tookMs < 2000, `it took ${Math.round(tookMs)} ms; a walk each would take minutes`)
  assert.equal(driver.state.parked, count)
})
