// What patterns, rules, headers and places in a log mean, and what is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { header, logStart, pattern, repeated, rule } from './text-options.ts'

test('a rule is a pattern and a limit, parted by the last =', () => {
  assert.deepEqual(rule('orders.premium.>=30'), { match: 'orders.premium.>', limit: 30 })
  assert.deepEqual(rule('a=b.*=1'), { match: 'a=b.*', limit: 1 })
  for (const text of [
    'orders.>',
    '=1',
    'orders.>=',
    'orders.>=0',
    'orders.>=1000001',
    'orders..x=1',
    'a.>.b=1',
  ]) {
    assert.throws(() => rule(text), InvalidArgumentError, text)
  }
})

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

test('a repeated option keeps all values in order', () => {
  const parse = repeated(Number)
  assert.deepEqual(parse('2', parse('1')), [1, 2])
})
