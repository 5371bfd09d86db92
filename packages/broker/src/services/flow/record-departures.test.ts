// What leaves the log, as it is written for the next start.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProgressWriter } from './progress/progress-store.ts'
import { RecordDepartures } from './record-departures.ts'
import type { DepartureOwner } from './record-departures.ts'
import { FlowDriver } from './state/flow-driver.fixture.ts'

test('a record that was settled before it left the log is not written a second time', () => {
  const driver = new FlowDriver({ rules: [{ match: '>', limit: 1 }] })
  const { state } = driver
  driver.publish(['a', 'a', 'b', 'a'])
  const slots: number[] = []
  driver.deliver(1, 1, (slot) => slots.push(slot))
  state.settle(slots[0]!)
  const written: number[] = []
  const progress = { settled: (offset: number) => written.push(offset) } as unknown as ProgressWriter
  const owner = { state, progress, letGoOf: () => {} } as unknown as DepartureOwner
  new RecordDepartures(owner).removed({ offsets: [0, 1, 3] })
  assert.deepEqual(written, [1, 3])
  assert.ok([0, 1, 3].every((offset) => state.settled.has(offset)) && !state.settled.has(2))
})
