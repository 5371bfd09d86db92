// A node of the syntax tree as the walk sees it: a type, a place, and fields looked up by name.

export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

export function* childNodes(node: SyntaxNode, keys: readonly string[] | undefined): Iterable<SyntaxNode> {
  for (const key of keys ?? []) {
    const value = node[key]
    for (const item of Array.isArray(value) ? value : [value]) if (isNode(item)) yield item
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value
}

/** The name of an identifier, else undefined. */
export function identifierName(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Identifier' ? (node['name'] as string) : undefined
}

/** The value of a string literal, else undefined. */
export function stringValue(node: unknown): string | undefined {
  if (!isNode(node) || node.type !== 'Literal') return undefined
  return typeof node['value'] === 'string' ? node['value'] : undefined
}
