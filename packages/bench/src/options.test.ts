import assert from 'node:assert/strict'
import { test } from 'node:test'
import { helpText, readOptions } from './options.ts'
import type { BenchOptions } from './options.ts'
import { SCENARIOS } from './scenarios/all-scenarios.ts'

const names = ['publish', 'flow']

function read(...args: string[]): BenchOptions {
  const options = readOptions(args, names)
  assert.ok(options !== 'help')
  return options
}

test('options have defaults, lists and units', () => {
  const options = read(
    'flow',
    '--against',
    'nats,redis',
    '--subjects',
    '1,1_000',
    '--megabytes',
    '5',
    '--json',
  )
  assert.deepEqual(options.scenarios, ['flow'])
  assert.deepEqual(options.peers, ['nats', 'redis'])
  assert.deepEqual(options.subjectCounts, [1, 1000])
  assert.deepEqual(options.durabilities, ['fsync'])
  assert.equal(options.storedBytes, 5_000_000)
  assert.equal(options.isJson, true)
  assert.equal(options.payloadBytes, undefined)
  assert.equal(read('all').storedBytes, undefined)
  assert.deepEqual(read('flow', '--members', '5,7', '--links', '9').memberCounts, [5, 7])
  assert.equal(read('flow', '--links', '9').linkCount, 9)
  assert.deepEqual(read('all').scenarios, names)
  assert.deepEqual(read('flow').ruleKinds, ['none', 'patterns', 'captures'])
  assert.deepEqual(read('flow', '--rules', 'captures').ruleKinds, ['captures'])
  const plain = read('flow')
  assert.deepEqual([plain.server, plain.isDirectIo, plain.isJson], [undefined, false, false])
  const running = read('flow', '--server', 'h:1', '--direct-io')
  assert.deepEqual([running.server, running.isDirectIo], ['h:1', true])
})

test('what is wrong is named', () => {
  assert.throws(() => read('fly'), /no scenario fly: publish, flow/)
  assert.throws(() => read('flow', '--against', 'kafka'), /nats, redis, not kafka/)
  assert.throws(() => read('flow', '--against', 'sluice'), /not sluice/)
  assert.throws(() => read('flow', '--seconds', '0'), /--seconds is 0/)
  assert.throws(() => read('flow', '--rates', '10,many'), /--rates is many/)
  assert.throws(() => read('flow', '--durability', 'disk'), /not disk/)
  assert.throws(() => read('flow', '--rules', 'some'), /none, patterns, captures, not some/)
  assert.throws(() => read('flow', '--server', 'h:1', '--against', 'nats'), /--server and --against exclude/)
  assert.throws(() => read('flow', '--colour', 'red'), /--colour/)
})

test('without a scenario, or asked for, there is help that names every scenario', () => {
  assert.equal(readOptions([], names), 'help')
  assert.equal(readOptions(['flow', '--help'], names), 'help')
  const text = helpText(SCENARIOS)
  for (const { name, doc } of SCENARIOS) assert.ok(text.includes(name) && text.includes(doc), name)
})
