import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { SettledSet } from './settled-set.ts'

const offset = fc.integer({ min: 0, max: 20_000 })
const step = fc.oneof(
  fc.record({ op: fc.constant('add' as const), at: offset }),
  fc.record({ op: fc.constant('range' as const), at: offset, size: fc.integer({ min: 0, max: 9000 }) }),
  fc.record({
    op: fc.constant('run' as const),
    at: fc.integer({ min: 0, max: 300 }),
    size: fc.integer({ min: 0, max: 40 }),
  }),
  fc.record({ op: fc.constant('truncate' as const), at: offset }),
)

test('a settled set answers as a plain set of offsets does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 5000 }), (steps, start) => {
      const settled = new SettledSet(start)
      const model = new Set<number>()
      for (let at = 0; at < start; at++) model.add(at)
      for (const given of steps) {
        if (given.op === 'add') {
          assert.equal(settled.add(given.at), !model.has(given.at))
          model.add(given.at)
        } else if (given.op === 'truncate') {
          settled.truncate(given.at)
          for (const at of model) if (at >= given.at) model.delete(at)
        } else {
          settled.addRange(given.at, given.at + given.size)
          for (let at = given.at; at < given.at + given.size; at++) model.add(at)
        }
      }
      compare(settled, model)
    }),
    { numRuns: 300 },
  )
})

function compare(settled: SettledSet, model: Set<number>): void {
  let floor = 0
  while (model.has(floor)) floor++
  assert.equal(settled.floor, floor)
  for (let at = 0; at < 30_000; at += 1 + (at % 7))
    assert.equal(settled.has(at), model.has(at), `offset ${at}`)
  const fromRanges = new Set<number>()
  let previousEnd = -1
  settled.forEachRange((start, end) => {
    assert.ok(
      start > previousEnd && end > start && start > floor,
      `range ${start}..${end} after ${previousEnd}`,
    )
    previousEnd = end
    for (let at = start; at < end; at++) fromRanges.add(at)
  })
  assert.deepEqual(
    [...fromRanges],
    [...model].filter((at) => at >= floor).sort((a, b) => a - b),
  )
}

test('settling everything in any order leaves a floor and no blocks', () => {
  const settled = new SettledSet()
  for (let at = 9_999; at >= 0; at--) settled.add(at)
  assert.equal(settled.floor, 10_000)
  assert.equal(settled.rangeCount, 0)
})
