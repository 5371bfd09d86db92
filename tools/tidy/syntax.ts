// The facts about one source file that rules ask for, collected in one walk over its syntax tree.

import { parseSync, visitorKeys } from 'oxc-parser'
import { LineIndex } from './line-index.ts'
import { describeCallback, functionShape } from './syntax-functions.ts'
import type { FunctionShape } from './syntax-functions.ts'
import { importShape } from './syntax-imports.ts'
import type { ImportShape } from './syntax-imports.ts'
import { childNodes } from './syntax-node.ts'
import type { SyntaxNode } from './syntax-node.ts'
import { worldUse } from './syntax-world.ts'
import type { WorldUse } from './syntax-world.ts'

export interface ClassShape {
  readonly name: string
  readonly line: number
  /** Fields of an instance; static ones are constants and do not count. */
  readonly fields: number
}

export interface Syntax {
  readonly functions: FunctionShape[]
  readonly classes: ClassShape[]
  readonly imports: ImportShape[]
  readonly worldUses: WorldUse[]
  readonly comments: { readonly line: number; readonly text: string }[]
  readonly defaultExportLines: number[]
  /** True for a file that only passes on what other files export. */
  readonly isBarrel: boolean
  readonly body: readonly SyntaxNode[]
}

export function readSyntax(path: string, text: string): Syntax {
  const parsed = parseSync(path, text)
  const lineOf = new LineIndex(text)
  const body = parsed.program.body as unknown as SyntaxNode[]
  const comments = parsed.comments.flatMap((comment) =>
    comment.value.split('\n').map((line, index) => ({ line: lineOf.at(comment.start) + index, text: line })),
  )
  const syntax: Syntax = {
    functions: [],
    classes: [],
    imports: [],
    worldUses: [],
    comments,
    defaultExportLines: [],
    isBarrel: body.length > 0 && body.every(passesOn),
    body,
  }
  for (const node of body) collect(node, undefined, syntax, lineOf)
  return syntax
}

function collect(node: SyntaxNode, parent: SyntaxNode | undefined, into: Syntax, lineOf: LineIndex): void {
  if (node.type === 'ExportDefaultDeclaration') into.defaultExportLines.push(lineOf.at(node.start))
  if (isClass(node)) into.classes.push(classShape(node, lineOf))
  const shape = describeCallback(node, parent) ? undefined : functionShape(node, parent, lineOf)
  if (shape !== undefined) into.functions.push(shape)
  const imported = importShape(node, lineOf)
  if (imported !== undefined) into.imports.push(imported)
  const use = worldUse(node, parent, lineOf)
  if (use !== undefined) into.worldUses.push(use)
  for (const child of childNodes(node, visitorKeys[node.type])) collect(child, node, into, lineOf)
}

function passesOn(node: SyntaxNode): boolean {
  if (node.type === 'ExportAllDeclaration') return true
  return node.type === 'ExportNamedDeclaration' && node['source'] != null
}

function isClass(node: SyntaxNode): boolean {
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression'
}

function classShape(node: SyntaxNode, lineOf: LineIndex): ClassShape {
  const members = (node['body'] as { body: SyntaxNode[] }).body
  const fields = members.filter((member) => member.type === 'PropertyDefinition' && member['static'] !== true)
  const name = (node['id'] as { name: string } | null)?.name ?? '(class)'
  return { name, line: lineOf.at(node.start), fields: fields.length }
}
