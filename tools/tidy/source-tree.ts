// The files that rules look at, read once. Paths are relative to the root and use forward slashes.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSyntax } from './syntax.ts'
import type { Syntax } from './syntax.ts'

export interface SourceFile {
  readonly path: string
  readonly text: string
  readonly lines: readonly string[]
  readonly isTest: boolean
  readonly isGenerated: boolean
  readonly syntax: Syntax
}

export interface SourceTree {
  /** Every TypeScript file below packages/, tests/ and tools/. */
  readonly sources: readonly SourceFile[]
  /** Every file and folder, sources included. */
  readonly paths: ReadonlySet<string>
  /** The text of any file, or undefined where there is none. */
  read(path: string): string | undefined
}

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', '.git', '.sluice'])
const SOURCE = /^(packages|tests|tools)\/.*\.ts$/
/** Suites, and the cases that several suites share. */
const TEST = /\.(test|contract|bench|fixture|child)\.ts$/

export function loadTree(root: string): SourceTree {
  const paths = new Set<string>()
  const files = new Set<string>()
  walk(root, '', paths, files)
  const read = (path: string): string | undefined =>
    files.has(path) ? readFileSync(join(root, path), 'utf8') : undefined
  const sources = [...files].filter((path) => SOURCE.test(path)).map((path) => sourceFile(path, read(path)!))
  return { sources, paths, read }
}

function walk(root: string, folder: string, paths: Set<string>, files: Set<string>): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) {
      paths.add(path)
      walk(root, path, paths, files)
    } else if (entry.isFile()) {
      paths.add(path)
      files.add(path)
    }
  }
}

function sourceFile(path: string, text: string): SourceFile {
  return {
    path,
    text,
    lines: splitLines(text),
    isTest: TEST.test(path),
    isGenerated: path.includes('/generated/'),
    syntax: readSyntax(path, text),
  }
}

/** Lines without the empty one that a final newline would add. */
export function splitLines(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}
