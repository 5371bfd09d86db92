import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { todos } from './todos.ts'

const found = (text: string): string[] => findingsIn({ 'tools/a.ts': text }, todos)

test('a note without an issue and a forbidden note are found, in comments only', () => {
  assert.deepEqual(found('// TODO later'), ['tools/a.ts:1 todo'])
  assert.deepEqual(found('/*\n * FIXME #12\n */'), ['tools/a.ts:2 todo'])
  assert.deepEqual(found("// TODO #12: later\nconst a = 'TODO'"), [])
})
