// The ratchet: what is allowed to break a rule for now. A number may go down, never up, and goes when nothing
// needs it.

import type { Finding } from './finding.ts'
import type { SourceTree } from './source-tree.ts'

/** By rule, then file: the largest measure, or the number of findings for rules that do not measure. */
export type Allowances = Readonly<Record<string, Readonly<Record<string, number>>>>

const FILE = 'tools/tidy/allowances.json'

export function readAllowances(tree: SourceTree): Allowances {
  return JSON.parse(tree.read(FILE) ?? '{}') as Allowances
}

/** Takes away the findings that are allowed and adds one for each allowance that is larger than needed. */
export function applyAllowances(findings: readonly Finding[], allowances: Allowances): Finding[] {
  const needed = neededAllowances(findings)
  const kept = findings.filter(({ rule, file }) => {
    const allowed = allowances[rule]?.[file]
    return allowed === undefined || needed.get(key(rule, file))! > allowed
  })
  return [...kept, ...loose(allowances, needed)]
}

function neededAllowances(findings: readonly Finding[]): Map<string, number> {
  const needed = new Map<string, number>()
  for (const { rule, file, measure } of findings) {
    const before = needed.get(key(rule, file)) ?? 0
    needed.set(key(rule, file), measure === undefined ? before + 1 : Math.max(before, measure))
  }
  return needed
}

function* loose(allowances: Allowances, needed: ReadonlyMap<string, number>): Iterable<Finding> {
  for (const [rule, files] of Object.entries(allowances)) {
    for (const [file, allowed] of Object.entries(files)) {
      const need = needed.get(key(rule, file)) ?? 0
      if (need >= allowed) continue
      const message = `${rule} of ${file}: ${allowed} allowed, ${need} needed; lower it`
      yield { file: FILE, line: 1, rule: 'allowances', message }
    }
  }
}

function key(rule: string, file: string): string {
  return `${rule} ${file}`
}
