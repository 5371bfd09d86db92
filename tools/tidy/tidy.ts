// The program that checks what STYLE.md tags [tidy]. Prints one finding per line; exits 1 when there is any.
// Each rule is a module in rules/; none of them changes a file.

import { resolve } from 'node:path'
import { applyAllowances, readAllowances } from './allowances.ts'
import { inOrder } from './finding.ts'
import type { Finding } from './finding.ts'
import { RULES } from './rule-table.ts'
import { loadTree } from './source-tree.ts'

const root = resolve(import.meta.dirname, '../..')

function run(): Finding[] {
  const tree = loadTree(root)
  const findings = RULES.flatMap((rule) => rule.check(tree))
  return inOrder(applyAllowances(findings, readAllowances(tree)))
}

const findings = run()
for (const { file, line, rule, message } of findings) console.log(`${file}:${line} ${rule} ${message}`)
if (findings.length > 0) {
  console.log(`tidy: ${findings.length} findings`)
  process.exitCode = 1
}
