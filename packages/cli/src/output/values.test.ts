// Sizes, durations, times and counts as text.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneLine, printable } from './plain-text.ts'
import { countText, durationText, sizeText, timeText } from './values.ts'

test('sizes in the largest unit that they fill', () => {
  assert.deepEqual([0, 1023, 1024, 1536, 1_048_576].map(sizeText), [
    '0 B',
    '1023 B',
    '1 KiB',
    '1.5 KiB',
    '1 MiB',
  ])
  assert.equal(sizeText(5 * 1024 ** 5), '5120 TiB')
})

test('durations as they would be written', () => {
  const texts = [0, 1, 1500, 30_000, 90_000, 300_000, 3_600_000, 172_800_000].map(durationText)
  assert.deepEqual(texts, ['0ms', '1ms', '1500ms', '30s', '90s', '5m', '1h', '2d'])
})

test('times and counts', () => {
  assert.equal(timeText(0), '1970-01-01T00:00:00.000Z')
  assert.equal(timeText(2 ** 60), String(2 ** 60))
  assert.deepEqual([countText(1, 'batch', 'batches'), countText(0, 'log')], ['1 batch', '0 logs'])
})

test('nothing that a terminal obeys is left in a text', () => {
  assert.equal(printable('a\u001b[2Jb\u0007\u009b\u202ec\u0000'), 'a\\x1b[2Jb\\x07\\x9b\\u202ec\\x00')
  assert.equal(printable('größe 😀'), 'größe 😀')
  assert.equal(oneLine(' first\n  second\r\n'), 'first second')
})
