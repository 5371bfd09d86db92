// What a package may import of other packages. Without an entry here: whatever its package.json declares.
// Tests are exempt; a relative import never leaves its package.

import type { Finding, Rule } from '../finding.ts'
import { packageName, resolveImport, workspacePackages } from '../package-map.ts'
import type { WorkspacePackage } from '../package-map.ts'
import type { SourceFile } from '../source-tree.ts'

/** `node:*` stands for every built-in. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  '@sluice/protocol': ['@node-rs/crc32'],
  '@sluice/client': ['@sluice/protocol', 'node:*'],
  '@sluice/cli': ['@sluice/bench', '@sluice/client', '@sluice/protocol', 'commander', 'node:*'],
}

/**
 * In the broker only the top, and testing, may use the client and the command line; io/ shares the client's
 * transports, since a socket is a socket on either side.
 */
const CLIENT_PACKAGES = new Set(['@sluice/client', '@sluice/cli'])
const BROKER_TOP = /^packages\/broker\/src\/([^/]+\.ts|testing\/.*)$/

export const packageImports: Rule = {
  name: 'package-import',
  check(tree) {
    const packages = workspacePackages(tree).filter(({ folder }) => folder.startsWith('packages/'))
    return tree.sources
      .filter(({ isTest }) => !isTest)
      .flatMap((source) => {
        const owner = packages.find(({ folder }) => source.path.startsWith(`${folder}/`))
        return owner === undefined ? [] : [...wrongImports(source, owner)]
      })
  },
}

function* wrongImports({ path: file, syntax }: SourceFile, owner: WorkspacePackage): Iterable<Finding> {
  for (const { specifier, line } of syntax.imports) {
    const message = objection(file, specifier, owner)
    if (message !== undefined) yield { file, line, rule: 'package-import', message }
  }
}

function objection(file: string, specifier: string, owner: WorkspacePackage): string | undefined {
  const name = packageName(specifier)
  if (name === undefined) {
    const leaves = !resolveImport(file, specifier, [])!.startsWith(`${owner.folder}/`)
    return leaves ? `${specifier} leaves the package` : undefined
  }
  if (name === owner.name) return undefined
  const isBuiltIn = name.startsWith('node:')
  const allowed = ALLOWED[owner.name]
  if (allowed !== undefined && !allowed.includes(isBuiltIn ? 'node:*' : name)) {
    return `${owner.name} must not import ${name}`
  }
  if (!isBuiltIn && !owner.dependencies.includes(name)) return `package.json does not declare ${name}`
  if (owner.folder === 'packages/broker' && CLIENT_PACKAGES.has(name) && !BROKER_TOP.test(file)) {
    const isTransport =
      specifier.startsWith('@sluice/client/transport/') && file.startsWith('packages/broker/src/io/')
    if (isTransport) return undefined
    return `only the top of the broker imports ${name}`
  }
  return undefined
}
