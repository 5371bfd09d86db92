// Rows as aligned columns, and properties as aligned pairs. Plain text; on a terminal the heads are bold.

import { printable } from './plain-text.ts'

export type Cell = string | number

export interface TableColumn<Row> {
  readonly head: string
  readonly cell: (row: Row) => Cell
}

const gap = '  '
const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`

/** Numbers are flush right. Without rows only the heads remain, so that a reader sees that there are none. */
export function tableText<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  isStyled: boolean,
): string {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)))
  const isNumeric = columns.map(
    (_, at) => cells.length > 0 && cells.every((row) => typeof row[at] === 'number'),
  )
  const lines = [
    columns.map(({ head }) => head),
    ...cells.map((row) => row.map((cell) => printable(String(cell)))),
  ]
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => widthOf(line[at]!))))
  const shown = lines.map((line) =>
    line
      .map((text, at) => padded(text, widths[at]!, isNumeric[at]!))
      .join(gap)
      .trimEnd(),
  )
  const [head, ...body] = shown
  return `${[isStyled ? bold(head!) : head, ...body].join('\n')}\n`
}

/** `name  value`, one per line. */
export function pairsText(pairs: readonly (readonly [name: string, value: Cell])[]): string {
  const width = Math.max(...pairs.map(([name]) => widthOf(name)))
  const lines = pairs.map(([name, value]) => `${padded(name, width, false)}${gap}${printable(String(value))}`)
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

function padded(text: string, width: number, isRight: boolean): string {
  const blank = ' '.repeat(width - widthOf(text))
  return isRight ? blank + text : text + blank
}

/** In characters, of which an emoji is one. */
function widthOf(text: string): number {
  return Array.from(text).length
}
