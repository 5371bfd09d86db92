import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CrashWindow } from './shard-crashes.ts'

test('waits longer with each crash, gives up at the fifth within a minute, and forgets after it', () => {
  let nowMs = 1000
  const crashes = new CrashWindow({ monotonicMs: () => nowMs, wallMs: () => 0 })
  const waits: number[] = []
  for (let crash = 0; crash < 4; crash++) {
    crashes.add()
    nowMs += 10_000
    waits.push(crashes.backoffMs)
    assert.equal(crashes.isLoop, false)
  }
  assert.deepEqual(waits, [50, 100, 200, 400])
  crashes.add()
  assert.equal(crashes.isLoop, true)
  nowMs += 20_001
  assert.equal(crashes.isLoop, false)
  nowMs += 60_000
  assert.deepEqual([crashes.count, crashes.backoffMs], [0, 50])
})
