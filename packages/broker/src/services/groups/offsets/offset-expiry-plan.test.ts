import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expiredOffsets } from './offset-expiry-plan.ts'
import type { ExpiringGroup } from './offset-expiry-plan.ts'
import { OffsetTable } from './offset-table.ts'

const retentionMs = 1000

/** Offsets of T and U, committed at 100; those of V were asked to be kept until 5000. */
function groupOf(changes: Partial<ExpiringGroup>): ExpiringGroup {
  const offsets = new OffsetTable()
  for (const [at, topic] of ['T', 'U', 'V'].entries()) {
    const expiresAtMs = topic === 'V' ? 5000 : undefined
    const committed = { offset: 1, leaderEpoch: -1, metadata: '', committedAtMs: 100, expiresAtMs }
    offsets.set({ topic, streamId: at, partition: 0, committed })
  }
  return {
    phase: 'Empty',
    emptySinceMs: undefined,
    topics: undefined,
    offsets,
    ...changes,
  }
}

function expiredAt(wallMs: number, changes: Partial<ExpiringGroup>): string[] {
  return expiredOffsets(groupOf(changes), retentionMs, wallMs).map(({ topic }) => topic)
}

test('where nobody is a member, from the commit on, or since the last has left', () => {
  assert.deepEqual(expiredAt(1099, {}), [])
  assert.deepEqual(expiredAt(1100, {}), ['T', 'U'])
  assert.deepEqual(expiredAt(1100, { emptySinceMs: 700 }), [])
  assert.deepEqual(expiredAt(1700, { emptySinceMs: 700 }), ['T', 'U'])
})

test('what an old client has asked for holds', () => {
  assert.deepEqual(expiredAt(4999, {}), ['T', 'U'])
  assert.deepEqual(expiredAt(5000, {}), ['T', 'U', 'V'])
})

test('where members read, only what none of them reads, and only where they say what that is', () => {
  const topics = new Set(['T', 'V'])
  assert.deepEqual(expiredAt(1099, { phase: 'Stable', topics }), [])
  assert.deepEqual(expiredAt(9000, { phase: 'Stable', topics }), ['U'])
  assert.deepEqual(expiredAt(9000, { phase: 'Stable' }), [])
})

test('nothing while members come and go', () => {
  for (const phase of ['PreparingRebalance', 'CompletingRebalance', 'Dead'] as const) {
    assert.deepEqual(expiredAt(9000, { phase, topics: new Set() }), [])
  }
})
