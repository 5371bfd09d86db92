import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import { realIo } from '../../io/real-io.ts'
import { GivenUpLines } from './given-up-lines.ts'

test('a few are told each by itself, a flood is counted, and after it they are told again', () => {
  const told: [object, string][] = []
  const logger = { ...silentLogger, warn: (...line: [object, string]): unknown => told.push(line) }
  let nowMs = 5
  const lines = new GivenUpLines(logger, { ...realIo().clock, monotonicMs: () => nowMs })
  for (let peer = 1; peer <= 1_050; peer++) lines.tell({ peer })
  assert.equal(told.length, 50)
  assert.deepEqual(told[0], [{ peer: 1 }, 'connection given up'])
  assert.deepEqual(told[49], [{ peer: 50, more: 'counted for 10 s' }, 'connection given up'])
  nowMs += 10_000
  lines.tell({ peer: 'next' })
  assert.deepEqual(told.slice(50), [
    [{ connections: 1_000 }, 'more connections were given up'],
    [{ peer: 'next' }, 'connection given up'],
  ])
})
