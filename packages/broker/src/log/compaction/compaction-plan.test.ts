// What is compacted when: dirt, lags, and tombstones that have stood long enough.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compactsAll } from './compaction.fixture.ts'
import { marksAfter, marksWithout, planCompaction } from './compaction-plan.ts'
import type { ClosedSegment, CompactionMark } from './compaction-plan.ts'

function segmentsOf(...sizes: number[]): ClosedSegment[] {
  return sizes.map((sizeBytes, index) => {
    const [startOffset, oldestMs] = [index * 10, index * 100]
    return { startOffset, endOffset: startOffset + 10, sizeBytes, oldestMs, newestMs: oldestMs + 99 }
  })
}

const mark = (below: number, atMs: number, tombstones = 0): CompactionMark => ({ below, atMs, tombstones })

test('enough has to be dirty', () => {
  const settings = { ...compactsAll, minCleanableDirtyRatio: 0.5 }
  const marks = [mark(10, 0)]
  assert.equal(planCompaction(segmentsOf(100, 99), marks, settings, 500), undefined)
  assert.deepEqual(planCompaction(segmentsOf(100, 100), marks, settings, 500), {
    from: 10,
    end: 20,
    tombstonesBelow: 0,
  })
  assert.equal(
    planCompaction(segmentsOf(100), marks, { ...settings, minCleanableDirtyRatio: 0 }, 5),
    undefined,
  )
  assert.equal(planCompaction([], [], compactsAll, 500), undefined)
})

test('what is too young waits with all that follows it, what is too old does not wait', () => {
  const young = { ...compactsAll, minCompactionLagMs: 150 }
  assert.deepEqual(planCompaction(segmentsOf(1, 1, 1), [], young, 349)?.end, 20)
  assert.deepEqual(planCompaction(segmentsOf(1, 1, 1), [], young, 348)?.end, 10)
  assert.equal(planCompaction(segmentsOf(1, 1, 1), [], young, 100), undefined)
  const old = { ...compactsAll, minCleanableDirtyRatio: 1, maxCompactionLagMs: 300 }
  assert.equal(planCompaction(segmentsOf(9, 1, 1), [mark(10, 0)], old, 400), undefined)
  assert.equal(planCompaction(segmentsOf(9, 1, 1), [mark(10, 0)], old, 401)?.end, 30)
})

test('tombstones go once their time is over, also where nothing else is to be done', () => {
  const marks = [mark(10, 0, 1), mark(20, 500, 1)]
  const settings = { ...compactsAll, deleteRetentionMs: 1000 }
  const segments = segmentsOf(1, 1)
  assert.equal(planCompaction(segments, marks, settings, 999), undefined)
  assert.deepEqual(planCompaction(segments, marks, settings, 1000), {
    from: 20,
    end: 20,
    tombstonesBelow: 10,
  })
  assert.deepEqual(planCompaction(segments, marks, settings, 1500)?.tombstonesBelow, 20)
  assert.equal(planCompaction(segments, marksWithout(marks, 10), settings, 1000), undefined)
})

test('marks are kept as long as tombstones below them stand, and they are never many', () => {
  assert.deepEqual(marksAfter([mark(10, 0, 1), mark(20, 5, 2)], mark(30, 9, 3), 10), [
    mark(10, 0),
    mark(20, 5, 2),
    mark(30, 9, 3),
  ])
  let marks: CompactionMark[] = []
  for (let below = 1; below <= 1000; below++) marks = marksAfter(marks, mark(below, below, 1), 0)
  assert.equal(marks.length, 64)
  assert.equal(
    marks.reduce((sum, { tombstones }) => sum + tombstones, 0),
    1000,
  )
  assert.deepEqual(marks.at(-1), mark(1000, 1000, 1))
  for (const [at, { below, atMs }] of marks.entries()) {
    assert.equal(below, atMs)
    assert.equal(at === 0 || below > marks[at - 1]!.below, true)
  }
})
