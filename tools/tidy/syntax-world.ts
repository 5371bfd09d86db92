// Places where a file asks the world directly for time, chance, a timer or the environment.

import type { LineIndex } from './line-index.ts'
import { identifierName } from './syntax-node.ts'
import type { SyntaxNode } from './syntax-node.ts'

export interface WorldUse {
  readonly what: string
  readonly line: number
}

const GLOBALS = new Set(['setTimeout', 'setInterval', 'setImmediate'])
const MEMBERS = new Set(['Date.now', 'performance.now', 'Math.random', 'process.env', 'AbortSignal.timeout'])
const KEY_HOLDERS = new Set(['Property', 'PropertyDefinition', 'MethodDefinition', 'TSMethodSignature'])
const KEY_ONLY = new Set(['TSPropertySignature', 'ImportSpecifier', 'ExportSpecifier'])

export function worldUse(
  node: SyntaxNode,
  parent: SyntaxNode | undefined,
  lineOf: LineIndex,
): WorldUse | undefined {
  const what = globalUse(node, parent) ?? memberUse(node) ?? dateUse(node)
  return what === undefined ? undefined : { what, line: lineOf.at(node.start) }
}

function globalUse(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  const name = identifierName(node)
  if (name === undefined || !GLOBALS.has(name) || parent === undefined) return undefined
  return isOnlyAName(node, parent) ? undefined : name
}

/** `clock.setTimeout`, `{ setTimeout: … }` and the like name something else. */
function isOnlyAName(node: SyntaxNode, parent: SyntaxNode): boolean {
  if (parent.type === 'MemberExpression') {
    return parent['property'] === node && identifierName(parent['object']) !== 'globalThis'
  }
  if (KEY_HOLDERS.has(parent.type)) return parent['key'] === node
  return KEY_ONLY.has(parent.type)
}

function memberUse(node: SyntaxNode): string | undefined {
  if (node.type !== 'MemberExpression') return undefined
  const what = `${identifierName(node['object'])}.${identifierName(node['property'])}`
  return MEMBERS.has(what) ? what : undefined
}

/** `new Date()` reads the clock; `new Date(ms)` does not. */
function dateUse(node: SyntaxNode): string | undefined {
  if (node.type !== 'NewExpression' || identifierName(node['callee']) !== 'Date') return undefined
  return (node['arguments'] as unknown[]).length === 0 ? 'new Date()' : undefined
}
