// Disk, network, time, chance and the environment are reached through the seam: then one seed replays a run.
// Listed here is who stands on the far side of it. Tests may use anything.

import type { Finding, Rule } from '../finding.ts'
import { packageName } from '../package-map.ts'
import type { SourceFile } from '../source-tree.ts'

const SEAMED = /^packages\/(broker|client|protocol)\//
const BEYOND_THE_SEAM = [
  'packages/broker/src/io/',
  'packages/broker/src/observe/',
  'packages/broker/src/testing/',
  'packages/client/src/transport/',
]
const MAIN = 'packages/broker/src/main.ts'
const MODULES = new Set([
  'node:child_process',
  'node:dgram',
  'node:fs',
  'node:fs/promises',
  'node:net',
  'node:sqlite',
  'node:timers',
  'node:timers/promises',
  'node:tls',
  'node:worker_threads',
])

export const seams: Rule = {
  name: 'seam',
  check: (tree) => tree.sources.filter(mustUseTheSeam).flatMap((source) => [...breaches(source)]),
}

function mustUseTheSeam({ path, isTest }: SourceFile): boolean {
  return SEAMED.test(path) && !isTest && !BEYOND_THE_SEAM.some((folder) => path.startsWith(folder))
}

function* breaches({ path: file, syntax }: SourceFile): Iterable<Finding> {
  for (const { specifier, line } of syntax.imports) {
    const name = packageName(specifier)
    if (name === undefined || !MODULES.has(name)) continue
    yield { file, line, rule: 'seam', message: `imports ${name}; go through the seam` }
  }
  for (const { what, line } of syntax.worldUses) {
    if (file === MAIN && what === 'process.env') continue
    yield { file, line, rule: 'seam', message: `uses ${what}; go through the seam` }
  }
}
