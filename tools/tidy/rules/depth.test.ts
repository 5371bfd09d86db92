import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { depth } from './depth.ts'

const SRC = 'packages/broker/src/'

function found(from: string, specifier: string): string[] {
  return findingsIn({ [SRC + from]: `import { x } from '${specifier}'` }, depth)
}

test('another module is entered by its doors only', () => {
  assert.deepEqual(found('cluster/a.ts', '../log/log.ts'), [])
  assert.deepEqual(found('cluster/a.ts', '../log/segment/segment.ts'), [`${SRC}cluster/a.ts:1 depth`])
  assert.deepEqual(found('log/log.ts', './segment/segment.ts'), [])
  assert.deepEqual(found('log/index/a.ts', '../segment/segment.ts'), [])
})

test('each folder of services and servers is a module', () => {
  assert.deepEqual(found('servers/native/a.ts', '../../services/flow/flow.ts'), [])
  assert.deepEqual(found('services/streams/a.ts', '../flow/pool/pool.ts'), [
    `${SRC}services/streams/a.ts:1 depth`,
  ])
  assert.deepEqual(found('services/flow/a.ts', './pool/pool.ts'), [])
  assert.deepEqual(found('servers/kafka/handlers/a.ts', '../../listener.ts'), [])
})

test('tests and testing reach anywhere', () => {
  assert.deepEqual(found('cluster/a.test.ts', '../log/segment/segment.ts'), [])
  assert.deepEqual(found('testing/a.ts', '../log/segment/segment.ts'), [])
})
