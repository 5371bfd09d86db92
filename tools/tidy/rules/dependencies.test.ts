import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { dependencies } from './dependencies.ts'

const PAGE = 'docs/decisions/dependencies.md'
const MANIFESTS = {
  'package.json': '{ "name": "all", "devDependencies": { "fast-check": "1" } }',
  'packages/a/package.json': '{ "name": "@x/a", "dependencies": { "pino": "1", "@x/b": "1" } }',
  'packages/b/package.json': '{ "name": "@x/b" }',
  'tests/peers/native/package.json': '{ "name": "@x/peers", "dependencies": { "peer": "1" } }',
}

test('every dependency from outside has a row, and every row a dependency', () => {
  const page = '| `pino` | log lines |\n| `fast-check` | properties |\n| `peer` | tries it |\n'
  assert.deepEqual(findingsIn({ ...MANIFESTS, [PAGE]: page }, dependencies), [])
  assert.deepEqual(findingsIn({ ...MANIFESTS, [PAGE]: `${page}| \`left-pad\` | ? |\n` }, dependencies), [
    `${PAGE}:4 dependency`,
  ])
})

test('a dependency without a reason is found', () => {
  assert.deepEqual(findingsIn(MANIFESTS, dependencies), [
    'package.json:1 dependency',
    'packages/a/package.json:1 dependency',
    'tests/peers/native/package.json:1 dependency',
  ])
})
