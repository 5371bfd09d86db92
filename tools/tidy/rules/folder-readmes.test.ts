import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { folderReadmes } from './folder-readmes.ts'

const FILES = { 'packages/broker/src/log/segment/segment.ts': '', 'packages/broker/src/main.ts': '' }

test('packages and layers have one, inner folders need none', () => {
  assert.deepEqual(findingsIn(FILES, folderReadmes), [
    'packages/broker/README.md:1 folder-readme',
    'packages/broker/src/log/README.md:1 folder-readme',
  ])
})

test('it has at most twenty lines', () => {
  const files = { ...FILES, 'packages/broker/README.md': 'x\n'.repeat(20) }
  assert.deepEqual(
    findingsIn({ ...files, 'packages/broker/src/log/README.md': 'x\n'.repeat(21) }, folderReadmes),
    ['packages/broker/src/log/README.md:1 folder-readme'],
  )
})
