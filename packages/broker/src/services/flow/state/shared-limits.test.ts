// Nobody starves behind a limit that is shared: how long others are served before it is anybody's turn.

import assert from 'node:assert/strict'
import test from 'node:test'
import type { FlowRule } from '@sluice/protocol/model/consumer'
import { ProgressImage } from '../progress/progress-codec.ts'
import { decide } from './blocked-decision.ts'
import { FlowDriver } from './flow-driver.fixture.ts'
import { checkInvariants } from './flow-invariants.ts'

const partitionCount = 3
const hotRecords = 600

/** Delivers one record after the other; returns after how many deliveries each subject had its first. */
function firstTurns(rules: readonly FlowRule[], subjects: readonly string[]): Map<string, number> {
  const drivers: FlowDriver[] = []
  for (let index = 0; index < partitionCount; index++)
    drivers.push(new FlowDriver({ rules, maxInflight: 1000 }, undefined, undefined, drivers[0]))
  drivers[0]!.publish(Array.from({ length: hotRecords }, () => 'hot.0'))
  drivers.forEach((driver, index) => {
    driver.publish(subjects.filter((_, at) => at % partitionCount === index).map((subject) => `${subject}.x`))
  })
  const turns = new Map<string, number>()
  const out: { driver: FlowDriver; slot: number }[] = []
  let delivered = 0
  for (let round = 0; round < 2000; round++) {
    for (const driver of drivers) {
      driver.deliver(1000, 1, (slot) => {
        const subject = driver.subjects[driver.state.deliveries.offset[slot]!]!
        delivered++
        if (!turns.has(subject)) turns.set(subject, delivered)
        out.push({ driver, slot })
      })
    }
    const oldest = out.shift()
    oldest?.driver.state.settle(oldest.slot)
  }
  return turns
}

test('a subject with a long backlog does not keep a total to itself', () => {
  const subjects = Array.from({ length: 30 }, (_, index) => `s${index}`)
  const turns = firstTurns([{ match: '>', limit: 600, total: 4 }], subjects)
  for (const subject of subjects) {
    const turn = turns.get(`${subject}.x`)
    // Partitions take turns, and so do the subjects of each: the hot one has at most one in three.
    assert.ok(turn !== undefined && turn <= 60, `${subject} had its first turn after ${turn} deliveries`)
  }
})

test('captured pools that share a total take turns, whatever one of them has waiting', () => {
  const subjects = Array.from({ length: 30 }, (_, index) => `t${index}`)
  const turns = firstTurns([{ match: '{tenant}.*', limit: 600, total: 4 }], subjects)
  for (const subject of subjects) {
    const turn = turns.get(`${subject}.x`)
    assert.ok(turn !== undefined && turn <= 60, `${subject} had its first turn after ${turn} deliveries`)
  }
})

test('what was blocked before a restart blocks its subject, whatever is spilled before it', () => {
  const known = new ProgressImage()
  const verdict = { reason: 'blocked', text: '' } as const
  known.retries.set(2, { failures: 3, dueWallMs: 0, waitMs: 0, verdict })
  const driver = new FlowDriver({ rules: [{ match: '>', limit: 1 }] }, 0, known)
  driver.publish(['a', 'a', 'a', 'a'])
  const slots: number[] = []
  driver.deliver(10, 1, (slot) => slots.push(slot))
  assert.equal(slots.length, 1)
  driver.state.settle(slots[0]!)
  driver.deliver(10, 1, () => assert.fail('the subject is blocked'))
  checkInvariants(driver.state)
  assert.deepEqual(decide(driver.state, driver.state.deliveries.pool[slots[0]!]!, 'retry').offsets, [2])
  const order: number[] = []
  for (let round = 0; round < 8; round++) {
    driver.deliver(1, 1, (slot) => {
      order.push(driver.state.deliveries.offset[slot]!)
      driver.state.settle(slot)
    })
    checkInvariants(driver.state)
  }
  assert.deepEqual(
    order.toSorted((a, b) => a - b),
    [1, 2, 3],
  )
})
