import assert from 'node:assert/strict'
import test from 'node:test'
import type { Timers } from '../../io/io.ts'
import { DueTimer } from './due-timer.ts'

/** Records what was armed, and fires nothing by itself. */
function recorded(): { timers: Timers; armed: number[]; cancelled: number } {
  const record = {
    armed: [] as number[],
    cancelled: 0,
    timers: {
      after: (delayMs: number) => {
        record.armed.push(delayMs)
        return { cancel: () => void record.cancelled++ }
      },
      soon: () => assert.fail('nothing is to be run soon'),
    },
  }
  return record
}

test('the timer goes for what is due first, and is left alone while that is so', () => {
  const record = recorded()
  const due = new DueTimer(record.timers, () => {})
  due.arm(1000, 31_000, Infinity)
  due.arm(1000, 40_000, 32_000)
  assert.deepEqual(record.armed, [30_000])
  due.arm(2000, 40_000, 5_000)
  assert.deepEqual(record.armed, [30_000, 3_000])
  assert.equal(record.cancelled, 1)
})

test('nothing due, no timer', () => {
  const record = recorded()
  new DueTimer(record.timers, () => {}).arm(1000, Infinity, Infinity)
  assert.deepEqual(record.armed, [])
})

test('after a stall deadlines wait until members have been heard, delays do not', () => {
  const record = recorded()
  const due = new DueTimer(record.timers, () => {})
  due.arm(0, 1000, Infinity)
  assert.equal(due.areDeadlinesKept(900), true)
  assert.equal(due.areDeadlinesKept(3000), false, 'two seconds late')
  due.arm(3000, 1000, 3100)
  assert.equal(record.armed.at(-1), 100, 'the delay')
  due.arm(3100, 1000, Infinity)
  assert.equal(record.armed.at(-1), 400, 'the rest of the grace')
  assert.equal(due.areDeadlinesKept(3500), true, 'heard out: the deadline counts')
})

test('a timer that fires a little late is no stall', () => {
  const due = new DueTimer(recorded().timers, () => {})
  due.arm(0, 1000, Infinity)
  assert.equal(due.areDeadlinesKept(1200), true)
})

test('what is due for long and is handled in parts is no stall', () => {
  const record = recorded()
  const due = new DueTimer(record.timers, () => {})
  due.arm(0, 1000, Infinity)
  assert.equal(due.areDeadlinesKept(1100), true)
  due.arm(2000, 1000, Infinity)
  assert.equal(record.armed.at(-1), 0)
  assert.equal(due.areDeadlinesKept(2100), true)
})
