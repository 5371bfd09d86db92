// Functions with a body: where they are, how long, how many parameters.

import type { LineIndex } from './line-index.ts'
import { identifierName } from './syntax-node.ts'
import type { SyntaxNode } from './syntax-node.ts'

export interface FunctionShape {
  readonly name: string
  readonly line: number
  readonly lineCount: number
  readonly parameters: number
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])
const NAMED_BY_PARENT = new Set(['MethodDefinition', 'Property', 'PropertyDefinition'])

export function functionShape(
  node: SyntaxNode,
  parent: SyntaxNode | undefined,
  lineOf: LineIndex,
): FunctionShape | undefined {
  if (!FUNCTIONS.has(node.type) || node['body'] == null) return undefined
  const line = lineOf.at(node.start)
  const parameters = (node['params'] as SyntaxNode[]).filter((parameter) => parameter['name'] !== 'this')
  return {
    name: functionName(node, parent),
    line,
    lineCount: lineOf.at(node.end) - line + 1,
    parameters: parameters.length,
  }
}

/** A `describe` block is a heading over tests, so its length is the file's business and not a function's. */
export function describeCallback(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (!FUNCTIONS.has(node.type) || parent?.type !== 'CallExpression') return false
  const callee = identifierName(parent['callee'])
  return callee === 'describe' || callee === 'suite'
}

function functionName(node: SyntaxNode, parent: SyntaxNode | undefined): string {
  const own = identifierName(node['id'])
  if (own !== undefined || parent === undefined) return own ?? '(function)'
  if (parent.type === 'VariableDeclarator') return identifierName(parent['id']) ?? '(function)'
  if (NAMED_BY_PARENT.has(parent.type)) return identifierName(parent['key']) ?? '(function)'
  return '(function)'
}
