import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { names } from './names.ts'

function found(path: string, text = ''): string[] {
  return findingsIn({ [path]: text }, ...names)
}

test('files and folders are kebab-case', () => {
  assert.deepEqual(found('packages/broker/src/log/segment-scan.sim.test.ts'), [])
  assert.deepEqual(found('packages/broker/src/log/segmentScan.ts'), [
    'packages/broker/src/log/segmentScan.ts:1 file-name',
  ])
  assert.deepEqual(found('packages/broker/src/My_Log/log.ts'), [
    'packages/broker/src/My_Log/log.ts:1 file-name',
  ])
})

test('banned words are found as whole words, in files and classes', () => {
  assert.deepEqual(found('tools/log-utils.ts'), ['tools/log-utils.ts:1 banned-word'])
  assert.deepEqual(found('tools/metadata.ts', 'class Metadata {}'), [])
  assert.deepEqual(found('tools/a.ts', '\nclass LogManager {}'), ['tools/a.ts:2 banned-word'])
  assert.deepEqual(found('tools/a.ts', 'const a = class LogImpl {}'), ['tools/a.ts:1 banned-word'])
})
