import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupOffset } from './group-options.ts'

test('where a group is to go on is one of four kinds', () => {
  assert.equal(groupOffset('earliest'), 'earliest')
  assert.equal(groupOffset('latest'), 'latest')
  assert.deepEqual(groupOffset('0'), { offset: 0 })
  assert.deepEqual(groupOffset('1200'), { offset: 1200 })
  assert.deepEqual(groupOffset('2026-01-31T08:00:00Z'), { time: new Date('2026-01-31T08:00:00Z') })
  for (const text of ['', 'first', '-1', '1.5', 'yesterday', 'earliest ', '99999999999999999999']) {
    assert.throws(() => groupOffset(text), text)
  }
})
