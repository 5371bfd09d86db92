// A relative link in a Markdown page leads to a file or folder of the repository.

import { dirname, join } from 'node:path/posix'
import type { Finding, Rule } from '../finding.ts'
import type { SourceTree } from '../source-tree.ts'

const LINK = /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g
const ELSEWHERE = /^([a-z][a-z0-9+.-]*:|\/\/|#)/i

export const docLinks: Rule = {
  name: 'doc-link',
  check: (tree) =>
    [...tree.paths].filter((path) => path.endsWith('.md')).flatMap((page) => [...deadLinks(page, tree)]),
}

function* deadLinks(file: string, tree: SourceTree): Iterable<Finding> {
  for (const { line, text } of proseLines(tree.read(file) ?? '')) {
    for (const [, target = ''] of text.matchAll(LINK)) {
      if (ELSEWHERE.test(target) || leadsSomewhere(file, target, tree)) continue
      yield { file, line, rule: 'doc-link', message: `${target} does not exist` }
    }
  }
}

function leadsSomewhere(page: string, target: string, tree: SourceTree): boolean {
  const [path = ''] = decodeURI(target).split(/[#?]/)
  const resolved = join(dirname(page), path).replace(/\/$/, '')
  return resolved === '.' || tree.paths.has(resolved)
}

/** Lines outside fenced code. */
function* proseLines(markdown: string): Iterable<{ line: number; text: string }> {
  let isCode = false
  for (const [index, text] of markdown.split('\n').entries()) {
    if (/^\s*(```|~~~)/.test(text)) isCode = !isCode
    else if (!isCode) yield { line: index + 1, text }
  }
}
