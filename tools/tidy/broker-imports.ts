// The imports from one file of the broker to another, tests left out: they may reach anywhere.

import { brokerPlace } from './broker-layers.ts'
import type { BrokerPlace } from './broker-layers.ts'
import { resolveImport } from './package-map.ts'
import type { SourceFile, SourceTree } from './source-tree.ts'

export interface BrokerImport {
  readonly file: string
  readonly line: number
  readonly from: BrokerPlace
  readonly to: BrokerPlace
  readonly target: string
}

export function brokerImports(tree: SourceTree): BrokerImport[] {
  return tree.sources.filter(({ isTest }) => !isTest).flatMap((source) => [...importsOf(source)])
}

function* importsOf({ path: file, syntax }: SourceFile): Iterable<BrokerImport> {
  const from = brokerPlace(file)
  if (from === undefined) return
  for (const { specifier, line } of syntax.imports) {
    const target = resolveImport(file, specifier, [])
    const to = target === undefined ? undefined : brokerPlace(target)
    if (target !== undefined && to !== undefined) yield { file, line, from, to, target }
  }
}
