// Which package a file belongs to, and which file an import means.

import { dirname, join } from 'node:path/posix'
import type { SourceTree } from './source-tree.ts'

export interface WorkspacePackage {
  readonly name: string
  /** `packages/broker`, or the empty string for the workspace itself. */
  readonly folder: string
  readonly exports: Readonly<Record<string, string>>
  readonly dependencies: readonly string[]
}

interface Manifest {
  readonly name: string
  readonly exports?: Record<string, unknown>
  readonly [section: string]: unknown
}

const SECTIONS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']

/** With those that tests install on their own, in `tests/<suites>/<name>`. */
export function workspacePackages(tree: SourceTree): WorkspacePackage[] {
  const ofOne = /^((packages|tests\/[^/]+)\/[^/]+\/)?package\.json$/
  const manifests = [...tree.paths].filter((path) => ofOne.test(path))
  return manifests.map((path) => readPackage(path, JSON.parse(tree.read(path)!) as Manifest))
}

function readPackage(path: string, manifest: Manifest): WorkspacePackage {
  const dependencies = SECTIONS.flatMap((section) => Object.keys(manifest[section] ?? {}))
  const folder = path === 'package.json' ? '' : dirname(path)
  const exports = Object.entries(manifest.exports ?? {}).filter(isPlain)
  return { name: manifest.name, folder, exports: Object.fromEntries(exports), dependencies }
}

/** Exports under conditions name what is built, never a source. */
function isPlain(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string'
}

/** The source file that `specifier`, written in `from`, means; undefined when it is outside the workspace. */
export function resolveImport(
  from: string,
  specifier: string,
  packages: readonly WorkspacePackage[],
): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(from), specifier)
  const owner = packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`))
  if (owner === undefined) return undefined
  const target = exportTarget(owner.exports, `.${specifier.slice(owner.name.length)}`)
  return target === undefined ? undefined : join(owner.folder, target)
}

function exportTarget(exports: Readonly<Record<string, string>>, subpath: string): string | undefined {
  if (exports[subpath] !== undefined) return exports[subpath]
  for (const [pattern, target] of Object.entries(exports)) {
    const [before = '', after] = pattern.split('*')
    if (after === undefined || !subpath.startsWith(before) || !subpath.endsWith(after)) continue
    return target.replace('*', subpath.slice(before.length, subpath.length - after.length))
  }
  return undefined
}

/** `node:fs` for a built-in, `pino` or `@scope/name` for a package, undefined for a relative path. */
export function packageName(specifier: string): string | undefined {
  if (specifier.startsWith('.')) return undefined
  if (specifier.startsWith('node:')) return specifier
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}
