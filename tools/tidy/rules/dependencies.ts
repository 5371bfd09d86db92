// Every dependency has its reason in docs/decisions/dependencies.md, and that page names no other.
// A reason is a table row whose first cell is the name in backticks.

import type { Finding, Rule } from '../finding.ts'
import { workspacePackages } from '../package-map.ts'
import type { SourceTree } from '../source-tree.ts'
import { firstCells } from '../table-cells.ts'

const PAGE = 'docs/decisions/dependencies.md'

export const dependencies: Rule = { name: 'dependency', check }

function check(tree: SourceTree): Finding[] {
  const packages = workspacePackages(tree)
  const own = new Set(packages.map(({ name }) => name))
  const explained = new Map(firstCells(tree.read(PAGE) ?? '').map(({ name, line }) => [name, line]))
  const used = new Set<string>()
  const findings: Finding[] = []
  for (const { folder, dependencies: names } of packages) {
    for (const name of names.filter((each) => !own.has(each))) {
      used.add(name)
      if (explained.has(name)) continue
      const file = folder === '' ? 'package.json' : `${folder}/package.json`
      findings.push({ file, line: 1, rule: 'dependency', message: `${name} has no reason in ${PAGE}` })
    }
  }
  const gone = [...explained].filter(([name]) => !used.has(name))
  const message = 'no package.json has this dependency'
  return [...findings, ...gone.map(([, line]) => ({ file: PAGE, line, rule: 'dependency', message }))]
}
