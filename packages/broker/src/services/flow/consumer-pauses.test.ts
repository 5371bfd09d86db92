import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pause } from '@sluice/protocol/model/consumer'
import { pausedAnew, PausesInForce, pausesAt, resumed } from './consumer-pauses.ts'

const nowMs = Date.parse('2026-01-01T00:00:00Z')
const since = '2026-01-01T00:00:00.000Z'
const hour = 3_600_000

function pausing(pauses: readonly Pause[], match: string, until?: string, atMs = nowMs): Pause[] {
  return pausedAnew(pauses, { match, until }, atMs)
}

test('pausing again moves the end, and keeps the beginning and the order', () => {
  const two = pausing(pausing([], 'a.*', '2026-01-01T02:00:00+01:00'), '>')
  const until = '2026-01-01T01:00:00.000Z'
  assert.deepEqual(two, [
    { match: 'a.*', since, until },
    { match: '>', since },
  ])
  const moved = pausing(two, 'a.*', '2026-01-02', nowMs + 1000)
  assert.deepEqual(moved, [{ match: 'a.*', since, until: '2026-01-02T00:00:00.000Z' }, two[1]])
  assert.deepEqual(pausing(moved, 'a.*', undefined, nowMs + 2000), [{ match: 'a.*', since }, two[1]])
})

test('what has ended is dropped, and begins anew when it is paused again', () => {
  const pauses = pausing([], 'a', '2026-01-01T01:00:00Z')
  assert.deepEqual(pausesAt(pauses, nowMs + hour - 1), pauses)
  assert.deepEqual(pausesAt(pauses, nowMs + hour), [])
  const [again] = pausing(pauses, 'a', undefined, nowMs + hour)
  assert.deepEqual(again, { match: 'a', since: '2026-01-01T01:00:00.000Z' })
})

test('ends that are no time, or have passed, are refused', () => {
  for (const until of ['', 'tomorrow', '2026-01-01T05:00', '1767225600000', '2026-02-31T00:00:00.5.1Z']) {
    assert.throws(() => pausing([], 'a', until), { code: 'invalid-request', message: /no time/ })
  }
  for (const until of ['2025-12-31', '2026-01-01T00:00:00Z']) {
    assert.throws(() => pausing([], 'a', until), { code: 'invalid-request', message: /has passed/ })
  }
  assert.throws(() => pausing([], 'a..b'), { code: 'invalid-pattern' })
})

test('there are 1024 pauses at most, of which each may still be moved', () => {
  let pauses: Pause[] = []
  for (let index = 0; index < 1024; index++) pauses = pausing(pauses, `a.${index}`)
  assert.throws(() => pausing(pauses, 'b'), { code: 'invalid-request', message: /1024/ })
  assert.equal(pausing(pauses, 'a.7', '2026-01-02').length, 1024)
})

test('resuming needs exactly the pattern that is paused now', () => {
  const pauses = pausing(pausing([], 'a.*'), 'b', '2026-01-01T01:00:00Z')
  assert.deepEqual(resumed(pauses, 'a.*', nowMs), [pauses[1]])
  const refused = { code: 'not-paused', message: /'a' is not paused; what is: 'a\.\*', 'b'/ }
  assert.throws(() => resumed(pauses, 'a', nowMs), refused)
  assert.throws(() => resumed(pauses, 'b', nowMs + hour), { code: 'not-paused' })
  assert.throws(() => resumed([], '>', nowMs), { code: 'not-paused', message: /nothing is/ })
})

test('what holds ends by itself, and is looked at again before that: clocks jump', () => {
  const force = new PausesInForce()
  assert.equal(force.advance(nowMs), false)
  assert.equal(force.nextLookMs(nowMs), Infinity)
  force.replace(pausing(pausing([], '>', '2026-01-01T01:00:00Z'), 'b'))
  assert.equal(force.advance(nowMs), true)
  assert.equal(force.advance(nowMs), false)
  assert.deepEqual([force.isAll, force.patterns], [true, ['>', 'b']])
  assert.equal(force.nextLookMs(nowMs), 5000)
  assert.equal(force.nextLookMs(nowMs + hour - 100), 100)
  assert.equal(force.advance(nowMs + hour), true)
  assert.deepEqual([force.isAll, force.patterns], [false, ['b']])
  assert.equal(force.nextLookMs(nowMs + hour), Infinity)
})
