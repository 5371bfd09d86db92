import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { messagePath } from './message-path.ts'

const SRC = 'packages/broker/src/'
const FILES = ['a.ts', 'b.ts', 'c.ts', 'd.ts', 'log/e.ts']

function path(): Record<string, string> {
  const entries = FILES.map((file, at) => {
    const next = FILES[at + 1]
    return [
      SRC + file,
      `// Path of a message ${at + 1}/5 ·${next === undefined ? ' to disk' : ` to ${next}`}.\n`,
    ]
  })
  return Object.fromEntries(entries) as Record<string, string>
}

test('a whole path and no path are both fine', () => {
  assert.deepEqual(findingsIn(path(), messagePath), [])
  assert.deepEqual(findingsIn({ [`${SRC}a.ts`]: '// A file.' }, messagePath), [])
})

test('a missing step is found', () => {
  assert.deepEqual(findingsIn({ ...path(), [`${SRC}c.ts`]: '' }, messagePath), [`${SRC}a.ts:1 message-path`])
})

test('a neighbour that does not exist is found', () => {
  const files = { ...path(), [`${SRC}d.ts`]: '// Path of a message 4/5 · from c.ts · to log/gone.ts.\n' }
  assert.deepEqual(findingsIn(files, messagePath), [`${SRC}d.ts:1 message-path`])
})

test('a path of another length is found', () => {
  const files = { ...path(), [`${SRC}f.ts`]: '// Path of a message 6/6\n' }
  assert.deepEqual(findingsIn(files, messagePath), [`${SRC}f.ts:1 message-path`])
})
