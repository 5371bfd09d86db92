// How large a file, a function, a parameter list, a class and a line may be. Generated files are exempt.

import type { Finding, Rule } from '../finding.ts'
import type { SourceFile } from '../source-tree.ts'

const SOURCE_LINES_FAIL = 600
const TEST_LINES_FAIL = 1500
const FUNCTION_LINES_FAIL = 70
const PARAMETERS_MAX = 4
const CLASS_FIELDS_MAX = 15
const FILE_IMPORTS_MAX = 15
const LINE_COLUMNS_MAX = 110

/** One thing that was measured and is too large. */
interface Excess {
  readonly line: number
  readonly measure: number
  readonly message: string
}

export const sizes: readonly Rule[] = [
  sizeRule('file-length', function* fileLength({ lines, isTest }) {
    const failsAt = isTest ? TEST_LINES_FAIL : SOURCE_LINES_FAIL
    const measure = lines.length
    if (measure >= failsAt) yield { line: 1, measure, message: `${measure} lines; fails at ${failsAt}` }
  }),
  sizeRule('function-length', function* functionLength({ syntax }) {
    for (const { name, line, lineCount: measure } of syntax.functions) {
      if (measure < FUNCTION_LINES_FAIL) continue
      yield { line, measure, message: `${name} has ${measure} lines; fails at ${FUNCTION_LINES_FAIL}` }
    }
  }),
  sizeRule('parameters', function* parameters({ syntax }) {
    for (const { name, line, parameters: measure } of syntax.functions) {
      if (measure <= PARAMETERS_MAX) continue
      yield { line, measure, message: `${name} has ${measure} parameters; at most ${PARAMETERS_MAX}` }
    }
  }),
  sizeRule('class-fields', function* classFields({ syntax }) {
    for (const { name, line, fields: measure } of syntax.classes) {
      if (measure <= CLASS_FIELDS_MAX) continue
      yield { line, measure, message: `${name} has ${measure} fields; at most ${CLASS_FIELDS_MAX}` }
    }
  }),
  sizeRule('file-imports', function* fileImports({ syntax, isTest }) {
    const measure = new Set(syntax.imports.map(({ specifier }) => specifier)).size
    if (isTest || measure <= FILE_IMPORTS_MAX) return
    yield { line: 1, measure, message: `imports ${measure} files; at most ${FILE_IMPORTS_MAX}` }
  }),
  sizeRule('line-width', function* lineWidth({ lines }) {
    for (const [index, { length: measure }] of lines.entries()) {
      if (measure <= LINE_COLUMNS_MAX) continue
      yield { line: index + 1, measure, message: `${measure} columns; at most ${LINE_COLUMNS_MAX}` }
    }
  }),
]

function sizeRule(name: string, measure: (file: SourceFile) => Iterable<Excess>): Rule {
  const excesses = (source: SourceFile): Finding[] =>
    [...measure(source)].map((excess) => ({ ...excess, file: source.path, rule: name }))
  return { name, check: (tree) => tree.sources.filter(isWritten).flatMap(excesses) }
}

function isWritten(source: SourceFile): boolean {
  return !source.isGenerated
}
