import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { seams } from './seams.ts'

const LOG = 'packages/broker/src/log/log.ts'
const found = (path: string, text: string): string[] => findingsIn({ [path]: text }, seams)

test('the world is found in every form', () => {
  const uses = [
    "import { open } from 'node:fs/promises'",
    "import type { Socket } from 'node:net'",
    "const fs = await import('node:fs')",
    'setTimeout(f, 1)',
    'globalThis.setInterval(f, 1)',
    'const later = setImmediate',
    'const x = { setTimeout }',
    'Date.now()',
    'new Date()',
    'performance.now()',
    'Math.random()',
    'process.env.HOME',
    'AbortSignal.timeout(1)',
  ]
  for (const use of uses) assert.deepEqual(found(LOG, use), [`${LOG}:1 seam`], use)
})

test('names alike are left alone', () => {
  const uses = ['timers.setTimeout(f)', 'class A { setTimeout() {} }', 'new Date(1)', "import 'node:path'"]
  for (const use of uses) assert.deepEqual(found(LOG, use), [], use)
})

test('who stands beyond the seam may use it, and so may tests', () => {
  const beyond = [
    'packages/broker/src/io/real-io.ts',
    'packages/broker/src/observe/a.ts',
    'packages/broker/src/testing/a.ts',
    'packages/broker/src/log/log.test.ts',
    'packages/client/src/transport/tcp.ts',
    'packages/cli/src/a.ts',
    'tools/a.ts',
  ]
  for (const path of beyond) assert.deepEqual(found(path, 'Date.now()'), [], path)
})

test('main reads the environment and nothing else', () => {
  const main = 'packages/broker/src/main.ts'
  assert.deepEqual(found(main, 'process.env.HOME'), [])
  assert.deepEqual(found(main, 'setTimeout(f, 1)'), [`${main}:1 seam`])
  assert.deepEqual(found('packages/broker/src/broker.ts', 'process.env'), [
    'packages/broker/src/broker.ts:1 seam',
  ])
})
