import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn, withPlantedTree } from '../planted-tree.ts'
import { importCycles } from './import-cycles.ts'

test('a cycle is found once, through types and dynamic imports too', () => {
  const files = {
    'tools/a.ts': "import { b } from './b.ts'",
    'tools/b.ts': "import type { C } from './c.ts'\nimport { c } from './c.ts'",
    'tools/c.ts': "const a = await import('./a.ts')",
    'tools/d.ts': "import { a } from './a.ts'",
  }
  const findings = withPlantedTree(files, (tree) => importCycles.check(tree))
  assert.deepEqual(
    findings.map(({ message }) => message),
    ['tools/a.ts → tools/b.ts → tools/c.ts → tools/a.ts'],
  )
})

test('a cycle across packages is found', () => {
  const files = {
    'packages/a/package.json': '{ "name": "@x/a", "exports": { "./*": "./src/*.ts" } }',
    'packages/a/src/one.ts': "import { two } from '@x/b'",
    'packages/b/package.json': '{ "name": "@x/b", "exports": { ".": "./src/two.ts" } }',
    'packages/b/src/two.ts': "export { one } from '@x/a/one'",
  }
  assert.deepEqual(findingsIn(files, importCycles), ['packages/a/src/one.ts:1 import-cycle'])
})

test('two ways to one file are no cycle', () => {
  const files = {
    'tools/a.ts': "import { b } from './b.ts'\nimport { c } from './c.ts'",
    'tools/b.ts': "import { c } from './c.ts'",
    'tools/c.ts': '',
  }
  assert.deepEqual(findingsIn(files, importCycles), [])
})
