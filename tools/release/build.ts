// Emits what is published: JavaScript, declarations and a package.json per package, in dist/<package>/.
// In the repository, exports point at the TypeScript sources; here they are pointed at what was emitted.

import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { publishedManifest } from './published-manifest.ts'
import type { Manifest } from './published-manifest.ts'

const PACKAGES = ['protocol', 'client', 'bench', 'cli', 'broker']
const NOT_PUBLISHED = [
  '**/*.test.ts',
  '**/*.contract.ts',
  '**/*.fixture.ts',
  '**/*.child.ts',
  '**/*.bench.ts',
  'packages/broker/src/testing',
  'packages/bench/src/micro',
]
const BESIDE_THE_CODE = ['README.md', 'LICENSE']

const root = resolve(import.meta.dirname, '../..')
const dist = join(root, 'dist')
const emitted = join(dist, '.emitted')

rmSync(dist, { recursive: true, force: true })
mkdirSync(emitted, { recursive: true })
emit()
for (const name of PACKAGES) assemble(name)
rmSync(emitted, { recursive: true })
console.log(`built ${PACKAGES.map((name) => `dist/${name}`).join(', ')}`)

/** One compilation for all packages: they import each other's sources, and nothing is emitted twice. */
function emit(): void {
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: {
      noEmit: false,
      rootDir: '../../packages',
      outDir: '.',
      sourceMap: true,
      inlineSources: true,
    },
    include: PACKAGES.map((name) => `../../packages/${name}/src`),
    exclude: NOT_PUBLISHED.map((pattern) => `../../${pattern}`),
  }
  const path = join(emitted, 'tsconfig.json')
  writeFileSync(path, JSON.stringify(config))
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { status } = spawnSync(tsc, ['-p', path], { stdio: 'inherit', cwd: root })
  if (status !== 0) throw new Error('the sources do not compile')
}

function assemble(name: string): void {
  const source = join(root, 'packages', name)
  const target = join(dist, name)
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Manifest
  const published = publishedManifest(manifest)
  mkdirSync(target)
  cpSync(join(emitted, name, 'src'), join(target, 'lib'), { recursive: true })
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  for (const file of BESIDE_THE_CODE) copyIfThere([join(source, file), join(root, file)], join(target, file))
  for (const bin of Object.values(published.bin ?? {})) makeExecutable(join(target, bin))
}

/** The first of `candidates` that exists. */
function copyIfThere(candidates: readonly string[], target: string): void {
  const found = candidates.find((path) => existsSync(path))
  if (found !== undefined) cpSync(found, target)
}

function makeExecutable(path: string): void {
  const text = readFileSync(path, 'utf8')
  if (!text.startsWith('#!')) writeFileSync(path, `#!/usr/bin/env node\n${text}`)
  chmodSync(path, 0o755)
}
