// What numbers, durations and sizes of the command line mean, and what is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { duration, durations, integer, size } from './number-options.ts'

test('integers within their bounds', () => {
  const parse = integer(1, 30)
  assert.equal(parse('1'), 1)
  assert.equal(parse('30'), 30)
  for (const text of ['0', '31', '-1', '1.5', '1e1', ' 1', '', 'x', '0x10', 'Infinity']) {
    assert.throws(() => parse(text), InvalidArgumentError, text)
  }
})

test('durations with and without a unit', () => {
  const parse = duration(0, 86_400_000)
  const cases = {
    '0': 0,
    '500': 500,
    '500ms': 500,
    '30s': 30_000,
    '5m': 300_000,
    '1.5m': 90_000,
    '24h': 86_400_000,
    '1d': 86_400_000,
  }
  for (const [text, ms] of Object.entries(cases)) assert.equal(parse(text), ms, text)
  for (const text of ['', '-1s', '25h', '1 s', '1y', 's', '1e3', '.5s']) {
    assert.throws(() => parse(text), InvalidArgumentError, text)
  }
  assert.throws(() => duration(1, 10)('0'), /from 1ms to 10ms/)
})

test('several durations, or none', () => {
  const parse = durations(60_000, 3)
  assert.deepEqual(parse('100,1000'), [100, 1000])
  assert.deepEqual(parse('100ms, 1s'), [100, 1000])
  assert.deepEqual(parse('none'), [])
  for (const text of ['', '100,', '1,2,3,4', '2m'])
    assert.throws(() => parse(text), InvalidArgumentError, text)
})

test('sizes', () => {
  assert.equal(size(0, Number.MAX_SAFE_INTEGER)('10GiB'), 10 * 1024 ** 3)
  assert.equal(size(0, Number.MAX_SAFE_INTEGER)('0'), 0)
  const parse = size(1, 2 * 1024 * 1024)
  const cases = {
    '1': 1,
    '4096': 4096,
    '64KiB': 65_536,
    '64k': 65_536,
    '1MiB': 1_048_576,
    '1mb': 1_000_000,
    '1.5MiB': 1_572_864,
  }
  for (const [text, bytes] of Object.entries(cases)) assert.equal(parse(text), bytes, text)
  for (const text of ['', '0', '3MiB', '1XB', '-1', 'MiB', '1 MiB']) {
    assert.throws(() => parse(text), InvalidArgumentError, text)
  }
})
