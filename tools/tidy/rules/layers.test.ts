import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { layers } from './layers.ts'

const SRC = 'packages/broker/src/'

/** What the rule says of one import between two files of the broker. */
function found(from: string, to: string): string[] {
  const up = '../'.repeat(from.split('/').length - 1) || './'
  return findingsIn({ [SRC + from]: `import { x } from '${up}${to}'`, [SRC + to]: '' }, layers)
}

test('imports go down', () => {
  const down = [
    'main.ts',
    'broker.ts',
    'servers/native/a.ts',
    'services/flow/a.ts',
    'cluster/a.ts',
    'log/a.ts',
  ]
  for (const from of down) assert.deepEqual(found(from, 'io/io.ts'), [], from)
  assert.deepEqual(found('servers/native/a.ts', 'log/log.ts'), [])
  assert.deepEqual(found('services/flow/a.ts', 'services/streams/b.ts'), [])
})

test('imports never go up', () => {
  const error = (file: string): string[] => [`${SRC}${file}:1 layer`]
  assert.deepEqual(found('log/a.ts', 'cluster/b.ts'), error('log/a.ts'))
  assert.deepEqual(found('services/flow/a.ts', 'servers/native/b.ts'), error('services/flow/a.ts'))
  assert.deepEqual(found('broker.ts', 'main.ts'), error('broker.ts'))
})

test('observe reads any layer and only the top imports it', () => {
  assert.deepEqual(found('observe/a.ts', 'log/b.ts'), [])
  assert.deepEqual(found('broker.ts', 'observe/a.ts'), [])
  assert.deepEqual(found('log/a.ts', 'observe/b.ts'), [`${SRC}log/a.ts:1 layer`])
  assert.deepEqual(found('observe/a.ts', 'config/b.ts'), [`${SRC}observe/a.ts:1 layer`])
})

test('config imports base and only the top imports it', () => {
  assert.deepEqual(found('main.ts', 'config/a.ts'), [])
  assert.deepEqual(found('config/a.ts', 'base/b.ts'), [])
  assert.deepEqual(found('config/a.ts', 'io/b.ts'), [`${SRC}config/a.ts:1 layer`])
  assert.deepEqual(found('log/a.ts', 'config/b.ts'), [`${SRC}log/a.ts:1 layer`])
})

test('testing imports anything and only tests import it', () => {
  assert.deepEqual(found('testing/a.ts', 'broker.ts'), [])
  assert.deepEqual(found('log/a.sim.test.ts', 'testing/b.ts'), [])
  assert.deepEqual(found('main.ts', 'testing/b.ts'), [`${SRC}main.ts:1 layer`])
})

test('a folder without a place is found', () => {
  assert.deepEqual(findingsIn({ [`${SRC}extras/a.ts`]: '' }, layers), [`${SRC}extras/a.ts:1 layer`])
})
