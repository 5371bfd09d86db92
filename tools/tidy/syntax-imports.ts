// What a file names of other files: imports, re-exports, `import()` with a literal, and type-only ones too.

import type { LineIndex } from './line-index.ts'
import { isNode, stringValue } from './syntax-node.ts'
import type { SyntaxNode } from './syntax-node.ts'

export interface ImportShape {
  readonly specifier: string
  readonly line: number
  /** True for `import { type X }`, which type stripping keeps as an import of the whole file. */
  readonly hasInlineType: boolean
}

const WITH_SOURCE = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
])

export function importShape(node: SyntaxNode, lineOf: LineIndex): ImportShape | undefined {
  if (!WITH_SOURCE.has(node.type)) return undefined
  const specifier = stringValue(node['source'])
  if (specifier === undefined) return undefined
  return { specifier, line: lineOf.at(node.start), hasInlineType: hasInlineType(node['specifiers']) }
}

function hasInlineType(specifiers: unknown): boolean {
  if (!Array.isArray(specifiers)) return false
  return specifiers.some((specifier) => isNode(specifier) && isInlineType(specifier))
}

function isInlineType(specifier: SyntaxNode): boolean {
  return specifier['importKind'] === 'type' || specifier['exportKind'] === 'type'
}
