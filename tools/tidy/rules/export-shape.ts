// How a file gives and takes: no default exports, no `import { type X }`, no barrels in the broker.

import { basename } from 'node:path/posix'
import type { Rule } from '../finding.ts'

/** Tools such as Vite read their configuration from a default export. */
const NEEDS_DEFAULT_EXPORT = /\.config\.ts$/

const defaultExports: Rule = {
  name: 'default-export',
  check: (tree) =>
    tree.sources
      .filter(({ path }) => !NEEDS_DEFAULT_EXPORT.test(basename(path)))
      .flatMap(({ path, syntax }) =>
        syntax.defaultExportLines.map((line) => ({
          file: path,
          line,
          rule: 'default-export',
          message: 'export by name',
        })),
      ),
}

const inlineTypes: Rule = {
  name: 'inline-type-import',
  check: (tree) =>
    tree.sources.flatMap(({ path, syntax }) =>
      syntax.imports
        .filter(({ hasInlineType }) => hasInlineType)
        .map(({ line, specifier }) => ({
          file: path,
          line,
          rule: 'inline-type-import',
          message: `write \`import type\`: type stripping still loads ${specifier}`,
        })),
    ),
}

const barrels: Rule = {
  name: 'barrel',
  check: (tree) =>
    tree.sources
      .filter(({ path, syntax }) => path.startsWith('packages/broker/') && syntax.isBarrel)
      .map(({ path }) => ({
        file: path,
        line: 1,
        rule: 'barrel',
        message: 'only passes on other files; import those',
      })),
}

export const exportShape: readonly Rule[] = [defaultExports, inlineTypes, barrels]
