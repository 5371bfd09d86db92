import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tally } from './tally.ts'
import type { TestEvent } from './tally.ts'

const event = (name: string, rest: Partial<TestEvent> = {}): TestEvent => ({
  name,
  suite: 'tools/a.test.ts',
  details: { type: 'test' },
  ...rest,
})

test('tests are counted, describe blocks are not', () => {
  const tally = new Tally()
  tally.pass(event('one'))
  tally.pass(event('block', { details: { type: 'suite' } }))
  tally.fail(event('two'))
  tally.fail(event('block', { details: { type: 'suite' } }))
  assert.equal(tally.summary(), '1 passed, 1 failed, 0 skipped')
  assert.deepEqual(tally.failures, ['tools/a.test.ts: two'])
})

test('skipped tests, blocks and suites are named with their reason', () => {
  const tally = new Tally()
  tally.pass(event('one', { skip: 'slow' }))
  tally.pass(event('block', { skip: true, details: { type: 'suite' } }))
  tally.fail(event('two', { todo: 'later' }))
  tally.skipSuite('tests/b.test.ts', 'needs kcat')
  assert.equal(tally.summary(), '0 passed, 0 failed, 4 skipped')
  assert.deepEqual(tally.skips[0], { name: 'tools/a.test.ts: one', reason: 'slow' })
  assert.deepEqual(tally.skips[3], { name: 'tests/b.test.ts', reason: 'needs kcat' })
})

test('a file without tests has failed', () => {
  const tally = new Tally()
  tally.pass(event('/somewhere/tools/a.test.ts'))
  assert.equal(tally.summary(), '0 passed, 1 failed, 0 skipped')
})

test('a run that failed without a failed test is counted once', () => {
  const tally = new Tally()
  tally.failQuietly(['tools/a.test.ts'])
  tally.failQuietly(['tools/a.test.ts'])
  assert.equal(tally.failed, 1)
})
