// docs/operating/errors.md lists exactly the codes of the registry, each as the first cell of a table row.

import type { Finding, Rule } from '../finding.ts'
import type { SourceFile, SourceTree } from '../source-tree.ts'
import { identifierName, isNode, stringValue } from '../syntax-node.ts'
import type { SyntaxNode } from '../syntax-node.ts'
import { firstCells } from '../table-cells.ts'

const REGISTRY = 'packages/protocol/src/errors/error-codes.ts'
const PAGE = 'docs/operating/errors.md'
const WRAPPERS = new Set(['TSAsExpression', 'TSSatisfiesExpression', 'ParenthesizedExpression'])

export const errorCodes: Rule = { name: 'error-code', check }

function check(tree: SourceTree): Finding[] {
  const registry = tree.sources.find(({ path }) => path === REGISTRY)
  if (registry === undefined) return []
  const codes = registeredCodes(registry)
  if (codes.length === 0) return [finding(REGISTRY, 1, 'exports no ERROR_CODES object')]
  const page = tree.read(PAGE)
  if (page === undefined) return [finding(PAGE, 1, `is missing: it lists the codes of ${REGISTRY}`)]
  const listed = firstCells(page)
  const names = new Set(listed.map(({ name }) => name))
  return [
    ...codes
      .filter((code) => !names.has(code))
      .map((code) => finding(REGISTRY, 1, `${code} is not in ${PAGE}`)),
    ...listed
      .filter(({ name }) => !codes.includes(name))
      .map(({ name, line }) => finding(PAGE, line, `there is no error ${name}`)),
  ]
}

function finding(file: string, line: number, message: string): Finding {
  return { file, line, rule: 'error-code', message }
}

/** The keys of the object literal `ERROR_CODES`. */
function registeredCodes({ syntax }: SourceFile): string[] {
  const declarations = syntax.body
    .map((node) => (node.type === 'ExportNamedDeclaration' ? node['declaration'] : node))
    .filter((node) => isNode(node) && node.type === 'VariableDeclaration') as SyntaxNode[]
  const declarators = declarations.flatMap((node) => node['declarations'] as SyntaxNode[])
  const registry = declarators.find((node) => identifierName(node['id']) === 'ERROR_CODES')
  const literal = unwrap(registry?.['init'])
  if (literal?.type !== 'ObjectExpression') return []
  return (literal['properties'] as SyntaxNode[]).flatMap(
    ({ key }) => stringValue(key) ?? identifierName(key) ?? [],
  )
}

function unwrap(node: unknown): SyntaxNode | undefined {
  if (!isNode(node)) return undefined
  return WRAPPERS.has(node.type) ? unwrap(node['expression']) : node
}
