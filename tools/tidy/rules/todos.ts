// A note about work to be done names its issue; the stronger kind must not be committed at all.

import type { Finding, Rule } from '../finding.ts'
import type { SourceFile } from '../source-tree.ts'

export const todos: Rule = {
  name: 'todo',
  check: (tree) =>
    tree.sources.filter(({ isGenerated }) => !isGenerated).flatMap((source) => [...find(source)]),
}

function* find({ path, syntax }: SourceFile): Iterable<Finding> {
  for (const { line, text } of syntax.comments) {
    if (/\bFIXME\b/.test(text)) yield { file: path, line, rule: 'todo', message: 'fix it now' }
    if (/\bTODO\b(?!.*#\d)/.test(text)) {
      yield { file: path, line, rule: 'todo', message: 'name the issue: #123' }
    }
  }
}
