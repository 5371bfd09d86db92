// For tests of tidy: a small tree of files in a temporary folder, and what a rule finds in it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Finding, Rule } from './finding.ts'
import { loadTree } from './source-tree.ts'
import type { SourceTree } from './source-tree.ts'

/** Calls `use` with the loaded tree; the folder is gone afterwards. */
export function withPlantedTree<T>(files: Readonly<Record<string, string>>, use: (tree: SourceTree) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'tidy-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return use(loadTree(root))
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** The findings of `rules` as `file:line rule`, sorted. */
export function findingsIn(files: Readonly<Record<string, string>>, ...rules: readonly Rule[]): string[] {
  const found = withPlantedTree(files, (tree): Finding[] => rules.flatMap((rule) => rule.check(tree)))
  return found.map(({ file, line, rule }) => `${file}:${line} ${rule}`).toSorted()
}
