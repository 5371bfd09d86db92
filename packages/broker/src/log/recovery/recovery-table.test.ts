// Every row of the recovery table, and who wins where two could apply.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchRow, segmentRow, tailRow } from './recovery-table.ts'
import type { BatchFacts, BatchRow, SegmentFacts, SegmentRow, TailFacts, TailRow } from './recovery-table.ts'

const batch: BatchFacts = {
  baseOffset: 10,
  nextOffset: 13,
  expected: 10,
  isExact: true,
  followingOffset: 13,
  offsetMax: 1000,
}

const batchCases: readonly (readonly [BatchRow, string, Partial<BatchFacts>])[] = [
  ['A', 'as expected', {}],
  ['A', 'as expected, whatever follows', { followingOffset: 99 }],
  ['A', 'as expected, alone', { followingOffset: undefined }],
  ['B', 'above, and the rest agrees', { expected: 5 }],
  ['B', 'above, alone, behind damage', { expected: 5, isExact: false, followingOffset: undefined }],
  ['C', 'above, alone, behind nothing', { expected: 5, followingOffset: undefined }],
  ['C', 'above, and the next one continues from what was expected', { expected: 5, followingOffset: 8 }],
  ['C', 'beyond what the segment can hold', { expected: 5, offsetMax: 12 }],
  ['C', 'below, and the next one continues from what was expected', { expected: 20, followingOffset: 23 }],
  ['C', 'below, alone', { expected: 20, followingOffset: undefined }],
  ['D', 'below, and the next one repeats too', { expected: 20 }],
  [
    'D',
    'below, alone, in a file that begins with repetition',
    { expected: 20, isExact: false, followingOffset: undefined },
  ],
]

for (const [row, what, facts] of batchCases) {
  test(`${row}: a whole batch ${what}`, () => assert.equal(batchRow({ ...batch, ...facts }), row))
}

const tail: TailFacts = {
  isLastSegment: true,
  wasClosedCleanly: false,
  wasNamed: false,
  hasWholeBatch: false,
  isZero: false,
}

const tailCases: readonly (readonly [TailRow, string, Partial<TailFacts>])[] = [
  ['F', 'zeros', { isZero: true }],
  ['G', 'half a batch', {}],
  ['H', 'after a clean close', { wasClosedCleanly: true }],
  ['H', 'zeros after a clean close', { wasClosedCleanly: true, isZero: true }],
  ['H', 'named before', { wasNamed: true }],
  ['H', 'with a whole batch in it', { hasWholeBatch: true }],
  ['I', 'in the middle of the log', { isLastSegment: false }],
  ['I', 'in the middle of the log, zeros', { isLastSegment: false, isZero: true }],
]

for (const [row, what, facts] of tailCases) {
  test(`${row}: the end of a segment, ${what}`, () => assert.equal(tailRow({ ...tail, ...facts }), row))
}

const segment: SegmentFacts = {
  startOffset: 10,
  endOffset: 20,
  expected: 10,
  logStart: 0,
  isLastSegment: false,
}

const segmentCases: readonly (readonly [SegmentRow, string, Partial<SegmentFacts>])[] = [
  ['J', 'that follows', {}],
  ['J', 'that begins at the log start', { logStart: 10 }],
  ['K', 'behind a gap', { expected: 5 }],
  ['L', 'that repeats some', { expected: 15 }],
  ['L', 'that repeats some, its end not known', { expected: 15, endOffset: undefined }],
  ['M', 'that repeats all', { expected: 20 }],
  ['N', 'below the log start', { logStart: 20, expected: 20 }],
  ['M', 'below the log start, but the last one', { logStart: 20, expected: 20, isLastSegment: true }],
]

for (const [row, what, facts] of segmentCases) {
  test(`${row}: a segment ${what}`, () => assert.equal(segmentRow({ ...segment, ...facts }), row))
}
