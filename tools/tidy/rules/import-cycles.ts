// No file may reach itself through imports, type imports and imports across packages included.

import type { Finding, Rule } from '../finding.ts'
import { resolveImport, workspacePackages } from '../package-map.ts'
import type { SourceTree } from '../source-tree.ts'

type Graph = ReadonlyMap<string, readonly string[]>

export const importCycles: Rule = {
  name: 'import-cycle',
  check: (tree) => findCycles(importGraph(tree)).map(toFinding),
}

function importGraph(tree: SourceTree): Graph {
  const packages = workspacePackages(tree)
  const edges = tree.sources.map(({ path, syntax }): [string, string[]] => {
    const targets = syntax.imports.map(({ specifier }) => resolveImport(path, specifier, packages))
    return [path, [...new Set(targets.filter((target) => target !== undefined))]]
  })
  return new Map(edges)
}

/** Each cycle once, as the files in it in import order: the ones that a depth-first walk closes. */
function findCycles(graph: Graph): string[][] {
  const cycles: string[][] = []
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (file: string): void => {
    const start = trail.indexOf(file)
    if (start !== -1) cycles.push(trail.slice(start))
    if (start !== -1 || done.has(file)) return
    trail.push(file)
    for (const target of graph.get(file) ?? []) visit(target)
    trail.pop()
    done.add(file)
  }
  for (const file of graph.keys()) visit(file)
  return cycles
}

function toFinding(cycle: string[]): Finding {
  const [file = ''] = cycle
  return { file, line: 1, rule: 'import-cycle', message: [...cycle, file].join(' → ') }
}
