import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { packageImports } from './package-imports.ts'

const MANIFESTS = {
  'packages/protocol/package.json':
    '{ "name": "@sluice/protocol", "dependencies": { "@node-rs/crc32": "1" } }',
  'packages/client/package.json': '{ "name": "@sluice/client", "dependencies": { "@sluice/protocol": "1" } }',
  'packages/cli/package.json': '{ "name": "@sluice/cli", "dependencies": { "commander": "1" } }',
  'packages/broker/package.json':
    '{ "name": "sluice", "dependencies": { "@sluice/client": "1", "pino": "1" } }',
}

function found(path: string, specifier: string): string[] {
  return findingsIn({ ...MANIFESTS, [path]: `import { x } from '${specifier}'` }, packageImports)
}

test('protocol imports itself and its checksum', () => {
  const file = 'packages/protocol/src/bytes/a.ts'
  assert.deepEqual(found(file, '@node-rs/crc32'), [])
  assert.deepEqual(found(file, '../record/b.ts'), [])
  assert.deepEqual(found(file, 'node:zlib'), [`${file}:1 package-import`])
  assert.deepEqual(found(file, '@sluice/client'), [`${file}:1 package-import`])
})

test('client and cli import what is below them', () => {
  assert.deepEqual(found('packages/client/src/a.ts', '@sluice/protocol/errors/error-codes'), [])
  assert.deepEqual(found('packages/client/src/a.ts', 'pino'), ['packages/client/src/a.ts:1 package-import'])
  assert.deepEqual(found('packages/cli/src/a.ts', 'commander'), [])
  assert.deepEqual(found('packages/cli/src/a.ts', 'sluice'), ['packages/cli/src/a.ts:1 package-import'])
})

test('only the top of the broker uses the client', () => {
  assert.deepEqual(found('packages/broker/src/main.ts', '@sluice/client'), [])
  assert.deepEqual(found('packages/broker/src/testing/a.ts', '@sluice/client'), [])
  assert.deepEqual(found('packages/broker/src/io/a.ts', '@sluice/client/transport/tcp-connection'), [])
  for (const [file, specifier] of [
    ['packages/broker/src/servers/a.ts', '@sluice/client'],
    ['packages/broker/src/servers/a.ts', '@sluice/client/transport/tcp-connection'],
    ['packages/broker/src/io/a.ts', '@sluice/client'],
  ] as const) {
    assert.deepEqual(found(file, specifier), [`${file}:1 package-import`])
  }
})

test('what package.json does not declare is found, and so is a path out of the package', () => {
  const file = 'packages/broker/src/log/a.ts'
  assert.deepEqual(found(file, 'left-pad'), [`${file}:1 package-import`])
  assert.deepEqual(found(file, '../../../client/src/index.ts'), [`${file}:1 package-import`])
  assert.deepEqual(found('packages/broker/src/log/a.test.ts', 'fast-check'), [])
})
