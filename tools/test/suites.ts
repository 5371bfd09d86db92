// Which files are test suites, of which kind, and which of them a caller means.

import { globSync } from 'node:fs'
import { matchesGlob } from 'node:path/posix'

export interface Kind {
  readonly name: string
  readonly title: string
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** Of one suite. */
  readonly timeoutMs: number
}

/** In the order in which they run: what is quick and points to the fault comes first. */
export const KINDS: readonly Kind[] = [
  {
    name: 'unit',
    title: 'unit and property tests',
    include: ['packages/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['**/*.sim.test.ts'],
    timeoutMs: 120_000,
  },
  {
    name: 'sim',
    title: 'simulation',
    include: ['packages/**/*.sim.test.ts'],
    exclude: [],
    timeoutMs: 600_000,
  },
  {
    name: 'e2e',
    title: 'end-to-end tests',
    include: ['tests/**/*.test.ts'],
    exclude: [],
    timeoutMs: 600_000,
  },
]

const NEVER = ['**/node_modules/**', '**/dist/**']

/** Paths relative to `root`, sorted. */
export function findSuites(kind: Kind, root: string): string[] {
  const exclude = [...NEVER, ...kind.exclude]
  const found = globSync([...kind.include], { cwd: root, exclude })
  return [...new Set(found.map((path) => path.replaceAll('\\', '/')))].toSorted()
}

/** Those that any of the patterns means, or all if there is none. */
export function selectSuites(suites: readonly string[], patterns: readonly string[]): string[] {
  if (patterns.length === 0) return [...suites]
  return suites.filter((suite) => patterns.some((pattern) => isMeant(suite, pattern)))
}

function isMeant(suite: string, pattern: string): boolean {
  return suite.includes(pattern) || matchesGlob(suite, pattern)
}
