// Parked records that are not in memory, where others of their pool are somewhere else meanwhile.

import assert from 'node:assert/strict'
import test from 'node:test'
import type { BlockedDecision } from '@sluice/protocol/model/consumer'
import { ProgressImage } from '../progress/progress-codec.ts'
import { decide } from './blocked-decision.ts'
import { FlowDriver } from './flow-driver.fixture.ts'
import { checkInvariants } from './flow-invariants.ts'
import { drain, removeOffsets } from './flow-removal.ts'
import { SubjectFilter } from './rule-table.ts'

/** Records 0 to 4 of `a` after a restart: 2 is blocked, the others are spilled. */
function blockedAmongSpilled(limit: number): { driver: FlowDriver; pool: number } {
  const known = new ProgressImage()
  const verdict = { reason: 'blocked', text: 'why' } as const
  known.retries.set(2, { failures: 3, dueWallMs: 0, waitMs: 0, verdict })
  const driver = new FlowDriver({ rules: [{ match: '>', limit }] }, 0, known)
  driver.pause(['>'])
  driver.publish(['a', 'a', 'a', 'a', 'a'])
  driver.deliver(10, 1, () => assert.fail('it is paused'))
  const pool = driver.state.pools.find(Buffer.from('a'), 0, 1)
  driver.pause([])
  return { driver, pool }
}

/** Delivers and settles all that may be; returns the offsets in their order. */
function takeAll(driver: FlowDriver): number[] {
  const { state } = driver
  const offsets: number[] = []
  for (let round = 0; round < 20; round++) {
    driver.deliver(1, 1, (slot) => {
      offsets.push(state.deliveries.offset[slot]!)
      state.settle(slot)
    })
    checkInvariants(state)
  }
  return offsets
}

const decided: [BlockedDecision, number[]][] = [
  ['retry', [0, 1, 2, 3, 4]],
  ['drop', [0, 1, 3, 4]],
  // As a dead letter: the coordinator hands no condemned record to a member.
  ['dead-letter', [0, 1, 2, 3, 4]],
]

for (const [decision, expected] of decided) {
  test(`${decision} of a blocked record with spilled ones before it: each is delivered once`, () => {
    for (const limit of [1, 2, 10]) {
      const { driver, pool } = blockedAmongSpilled(limit)
      const { offsets, slots } = decide(driver.state, pool, decision)
      assert.deepEqual([offsets, slots], [[2], []])
      assert.equal(driver.state.isCondemned(2), decision === 'dead-letter')
      checkInvariants(driver.state)
      assert.deepEqual(takeAll(driver), expected, `limit ${limit}`)
      assert.deepEqual([driver.state.settled.floor, driver.state.spilled.count], [5, 0])
    }
  })
}

test('a blocked record that is tried again while spilled ones wait is in one place', () => {
  const { driver, pool } = blockedAmongSpilled(10)
  const { state } = driver
  decide(state, pool, 'retry')
  const out: number[] = []
  const slots: number[] = []
  for (let round = 0; round < 20; round++)
    driver.deliver(1, 1, (slot) => {
      out.push(state.deliveries.offset[slot]!)
      slots.push(slot)
    })
  assert.deepEqual(
    out.sort((a, b) => a - b),
    [0, 1, 2, 3, 4],
  )
  for (const slot of slots) state.settle(slot)
  checkInvariants(state)
  assert.equal(state.pools.count, 0)
})

test('a drain of spilled records ends, whatever of the pool came back meanwhile', () => {
  const driver = new FlowDriver({ rules: [{ match: '>', limit: 1 }] }, 0)
  const { state } = driver
  driver.publish(['a', 'a', 'a', 'b'])
  let first = -1
  driver.deliver(10, 1, (slot) => {
    if (state.deliveries.offset[slot] === 0) first = slot
  })
  assert.equal(drain(state, new SubjectFilter(['a'])), 2)
  state.release(first)
  driver.pause(['a'])
  driver.deliver(10, 1, () => assert.fail('what is there is paused, or out'))
  assert.equal(state.isDraining, false)
  checkInvariants(state)
})

test('very many records of one pool are blocked in no time, in any order', () => {
  const count = 100_000
  const driver = new FlowDriver({ maxDeliver: 1, onExhausted: 'block', maxInflight: count })
  const { state } = driver
  driver.publish(Array.from({ length: count }, () => 'a'))
  const slots: number[] = []
  driver.deliver(count, 1, (slot) => slots.push(slot))
  const startedAt = performance.now()
  for (const slot of slots.reverse()) assert.equal(state.fail(slot, { text: '' }, driver.moment), 'blocked')
  // A copy of the list for each of them takes minutes.
  assert.ok(performance.now() - startedAt < 10_000)
  const { offsets } = decide(state, state.pools.find(Buffer.from('a'), 0, 1), 'drop')
  assert.deepEqual([offsets.length, offsets[0], offsets.at(-1)], [count, 0, count - 1])
})

test('a deadline that is given later holds for what is out already', () => {
  const driver = new FlowDriver({ ackWaitMs: 0 })
  driver.publish(['a'])
  driver.deliver(1, 1, (slot) => driver.state.sent(slot, driver.nowMs))
  assert.equal(driver.state.nextDueMs, Infinity)
  driver.alter({ ackWaitMs: 5000 })
  assert.equal(driver.state.nextDueMs, driver.nowMs + 5000)
  driver.alter({ ackWaitMs: 9000 })
  assert.equal(driver.state.nextDueMs, driver.nowMs + 5000)
})

test('more records leave the log at once than a call has arguments', () => {
  const driver = new FlowDriver({ rules: [{ match: '>', limit: 1 }] })
  const count = 200_000
  for (let batch = 0; batch < 4; batch++) driver.publish(Array.from({ length: count / 4 }, () => 'a'))
  driver.deliver(count * 2, 1, () => {})
  const offsets = Array.from({ length: count }, (_, offset) => offset)
  assert.equal(
    removeOffsets(driver.state, offsets, () => {}),
    count,
  )
  assert.equal(driver.state.pools.count, 0)
})
