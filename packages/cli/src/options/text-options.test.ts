// What patterns, headers, times and places in a log mean, and what is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { deliverFrom, header, logStart, pattern, place, repeated, time } from './text-options.ts'

test('a pattern is checked before anything is asked', () => {
  assert.equal(pattern('orders.*.>'), 'orders.*.>')
  assert.throws(() => pattern('orders..x'), InvalidArgumentError)
})

test('a header is parted by the first =', () => {
  assert.deepEqual(header('trace=a=b'), ['trace', 'a=b'])
  assert.deepEqual(header('empty='), ['empty', ''])
  for (const text of ['trace', '=x', '']) assert.throws(() => header(text), InvalidArgumentError, text)
})

test('places in a log', () => {
  assert.equal(logStart('first'), 'first')
  assert.equal(logStart('last'), 'last')
  assert.equal(logStart('next'), 'next')
  assert.deepEqual(logStart('0'), { offset: 0 })
  assert.deepEqual(logStart('1200'), { offset: 1200 })
  assert.deepEqual(logStart('2026-01-31T08:00:00Z'), { time: Date.UTC(2026, 0, 31, 8) })
  assert.deepEqual(logStart('2026-01-31'), { time: Date.UTC(2026, 0, 31) })
  for (const text of ['', '-1', 'yesterday', '2026-13-01T00:00:00Z', '9007199254740993', 'First']) {
    assert.throws(() => logStart(text), InvalidArgumentError, text)
  }
})

test('where a consumer begins', () => {
  for (const text of ['all', 'new', 'last', 'last-per-subject'] as const)
    assert.equal(deliverFrom(text), text)
  assert.deepEqual(deliverFrom('1200'), { fromOffset: 1200 })
  assert.deepEqual(deliverFrom('2026-01-31'), { fromTime: '2026-01-31T00:00:00.000Z' })
  for (const text of ['', 'All', 'first', '-1', '9007199254740993'])
    assert.throws(() => deliverFrom(text), InvalidArgumentError, text)
})

test('times, and places of messages', () => {
  assert.equal(time('2026-01-31T08:00:00+01:00'), '2026-01-31T07:00:00.000Z')
  for (const text of ['', '10', 'soon', '2026-13-01'])
    assert.throws(() => time(text), InvalidArgumentError, text)
  assert.deepEqual(place('3:1200'), { partition: 3, offset: 1200 })
  for (const text of ['', '3', '3:', ':3', '70000:1', '1:2:3', '-1:2', '1:x'])
    assert.throws(() => place(text), InvalidArgumentError, text)
})

test('a repeated option keeps all values in order', () => {
  const parse = repeated(Number)
  assert.deepEqual(parse('2', parse('1')), [1, 2])
})
