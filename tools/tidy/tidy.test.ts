import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RULES } from './rule-table.ts'
import { withPlantedTree } from './planted-tree.ts'

test('rule names are unique: allowances are keyed by them', () => {
  const names = RULES.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
})

test('a tree without a fault has no findings', () => {
  const files = { 'package.json': '{ "name": "all" }', 'tools/a.ts': '// Nothing.\nexport const a = 1\n' }
  const findings = withPlantedTree(files, (tree) => RULES.flatMap((rule) => rule.check(tree)))
  assert.deepEqual(findings, [])
})
