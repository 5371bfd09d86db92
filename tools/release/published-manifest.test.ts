import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publishedManifest } from './published-manifest.ts'

test('exports and bin point at what is emitted, and workspace fields are gone', () => {
  const manifest = {
    name: 'sluice',
    version: '1.0.0',
    private: true,
    scripts: { x: 'y' },
    bin: { sluice: './src/main.ts' },
    exports: { '.': './src/broker.ts', './*': './src/*.ts' },
    dependencies: { pino: '1' },
  }
  assert.deepEqual(publishedManifest(manifest), {
    name: 'sluice',
    version: '1.0.0',
    dependencies: { pino: '1' },
    bin: { sluice: './lib/main.js' },
    exports: {
      '.': { types: './lib/broker.d.ts', default: './lib/broker.js' },
      './*': { types: './lib/*.d.ts', default: './lib/*.js' },
    },
  })
})

test('an export that is no source file is refused', () => {
  assert.throws(
    () => publishedManifest({ name: 'a', version: '1', exports: { '.': './index.js' } }),
    /not a source/,
  )
})
