// Files and folders are named in kebab-case; dots separate the kind: `segment-scan.sim.test.ts`.
// Words that say nothing about what a thing does are banned from the names of files and classes.

import { basename } from 'node:path/posix'
import type { Finding, Rule } from '../finding.ts'
import type { SourceFile } from '../source-tree.ts'

const KEBAB_PATH = /^([a-z0-9]+([-.][a-z0-9]+)*\/)+[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/

const fileNames: Rule = {
  name: 'file-name',
  check: (tree) =>
    tree.sources
      .filter(({ path, isGenerated }) => !isGenerated && !KEBAB_PATH.test(path))
      .map(({ path }) => ({ file: path, line: 1, rule: 'file-name', message: 'name it in kebab-case' })),
}

const BANNED = new Set([
  'manager',
  'managers',
  'helper',
  'helpers',
  'util',
  'utils',
  'impl',
  'data',
  'info',
  'misc',
  'common',
])

const bannedWords: Rule = {
  name: 'banned-word',
  check: (tree) => tree.sources.flatMap((source) => [...findBanned(source)]),
}

function* findBanned({ path, syntax }: SourceFile): Iterable<Finding> {
  const inFile = bannedIn(basename(path))
  if (inFile !== undefined) yield finding(path, 1, inFile)
  for (const { name, line } of syntax.classes) {
    const inClass = bannedIn(name)
    if (inClass !== undefined) yield finding(path, line, inClass)
  }
}

function finding(file: string, line: number, word: string): Finding {
  return { file, line, rule: 'banned-word', message: `"${word}" does not say what it does` }
}

/** Terms that hold such a word and are the field's own. */
const TERMS = /data-directory/g

/** Words are separated by dashes, dots or capitals. */
function bannedIn(name: string): string | undefined {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(TERMS, '')
  return words.split(/[-._]/).find((word) => BANNED.has(word))
}

export const names: readonly Rule[] = [fileNames, bannedWords]
