import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { findSuites, KINDS, selectSuites } from './suites.ts'

const root = mkdtempSync(join(tmpdir(), 'suites-'))
after(() => rmSync(root, { recursive: true }))
const files = [
  'packages/broker/src/log/log.test.ts',
  'packages/broker/src/log/log.prop.test.ts',
  'packages/broker/src/log/log.sim.test.ts',
  'packages/broker/src/log/log.ts',
  'packages/broker/node_modules/x/x.test.ts',
  'tools/tidy/tidy.test.ts',
  'tests/e2e/restart.test.ts',
]
for (const file of files) {
  mkdirSync(join(root, dirname(file)), { recursive: true })
  writeFileSync(join(root, file), '')
}

test('every suite is of exactly one kind', () => {
  const found = KINDS.map((kind) => findSuites(kind, root))
  assert.deepEqual(found, [
    [
      'packages/broker/src/log/log.prop.test.ts',
      'packages/broker/src/log/log.test.ts',
      'tools/tidy/tidy.test.ts',
    ],
    ['packages/broker/src/log/log.sim.test.ts'],
    ['tests/e2e/restart.test.ts'],
  ])
})

test('a pattern is a file, a folder, a part of a path or a glob', () => {
  const suites = ['packages/a/one.test.ts', 'packages/b/two.test.ts']
  assert.deepEqual(selectSuites(suites, []), suites)
  assert.deepEqual(selectSuites(suites, ['packages/a/one.test.ts']), [suites[0]])
  assert.deepEqual(selectSuites(suites, ['packages/b']), [suites[1]])
  assert.deepEqual(selectSuites(suites, ['one']), [suites[0]])
  assert.deepEqual(selectSuites(suites, ['packages/*/t*.test.ts']), [suites[1]])
  assert.deepEqual(selectSuites(suites, ['three']), [])
})
