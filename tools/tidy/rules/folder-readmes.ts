// Each package and each layer of the broker has a README.md of at most 20 lines: purpose, doors, invariants.

import type { Finding, Rule } from '../finding.ts'
import type { SourceTree } from '../source-tree.ts'
import { splitLines } from '../source-tree.ts'

const README_LINES_MAX = 20
const FOLDER = /^packages\/(?:[^/]+|broker\/src\/[^/]+)$/

export const folderReadmes: Rule = {
  name: 'folder-readme',
  check: (tree) => foldersWithFiles(tree).flatMap((folder) => checkFolder(folder, tree)),
}

/** Folders that hold at least one file somewhere: git knows no others. */
function foldersWithFiles(tree: SourceTree): string[] {
  const inUse = new Set(tree.sources.flatMap(({ path }) => foldersAbove(path)))
  return [...tree.paths].filter((path) => FOLDER.test(path) && inUse.has(path))
}

function foldersAbove(path: string): string[] {
  return path.split('/').map((_, at, parts) => parts.slice(0, at).join('/'))
}

function checkFolder(folder: string, tree: SourceTree): Finding[] {
  const file = `${folder}/README.md`
  const text = tree.read(file)
  if (text === undefined) return [{ file, line: 1, rule: 'folder-readme', message: 'is missing' }]
  const { length } = splitLines(text)
  if (length <= README_LINES_MAX) return []
  const message = `${length} lines; at most ${README_LINES_MAX}`
  return [{ file, line: 1, rule: 'folder-readme', message, measure: length }]
}
