// What a rule reports, and the order in which people read it.

import type { SourceTree } from './source-tree.ts'

export interface Finding {
  readonly file: string
  /** 1-based. */
  readonly line: number
  readonly rule: string
  readonly message: string
  /** The size that was found. Rules that do not measure are allowed by the number of their findings. */
  readonly measure?: number
}

export interface Rule {
  readonly name: string
  check(tree: SourceTree): Finding[]
}

/** By file, then line. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => compareText(a.file, b.file) || a.line - b.line)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
