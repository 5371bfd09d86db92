import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GroupMemory } from './group-memory.ts'

const mib = 1024 * 1024

test('what was taken counts until it is measured again', () => {
  let nowMs = 0
  let usedBytes = 500 * mib
  const clock = { monotonicMs: () => nowMs, wallMs: () => 0 }
  const memory = new GroupMemory(clock, () => usedBytes)
  assert.equal(memory.takes(8 * mib), true)
  assert.equal(memory.takes(8 * mib), false)
  assert.equal(memory.takes(4 * mib), true)
  nowMs = 999
  assert.equal(memory.takes(1), false)
  nowMs = 1000
  assert.equal(memory.takes(12 * mib), true, 'nothing was kept of what was taken')
  usedBytes = 512 * mib
  nowMs = 2000
  assert.equal(memory.takes(1), false)
})
