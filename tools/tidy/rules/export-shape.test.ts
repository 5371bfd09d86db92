import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { exportShape } from './export-shape.ts'

const FILE = 'packages/broker/src/log/log.ts'

function found(path: string, text: string): string[] {
  return findingsIn({ [path]: text }, ...exportShape)
}

test('default exports are found, except where a tool reads one', () => {
  assert.deepEqual(found(FILE, '\nexport default 1'), [`${FILE}:2 default-export`])
  assert.deepEqual(found('packages/dashboard/vite.config.ts', 'export default {}'), [])
})

test('a type inside a value import is found', () => {
  assert.deepEqual(found(FILE, "import { type A } from './a.ts'"), [`${FILE}:1 inline-type-import`])
  assert.deepEqual(found(FILE, "export { type A } from './a.ts'\nconst x = 1"), [
    `${FILE}:1 inline-type-import`,
  ])
  assert.deepEqual(found(FILE, "import type { A } from './a.ts'"), [])
})

test('a file of the broker that only passes on others is found', () => {
  const text = "export * from './a.ts'\nexport { b } from './b.ts'\n"
  assert.deepEqual(found(FILE, text), [`${FILE}:1 barrel`])
  assert.deepEqual(found(FILE, `${text}export const c = 1\n`), [])
  assert.deepEqual(found('packages/client/src/index.ts', text), [])
})
