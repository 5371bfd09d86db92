// The names that a Markdown page lists: the first cell of each table row, when it is one name in backticks.

export interface Cell {
  readonly name: string
  readonly line: number
}

export function firstCells(markdown: string): Cell[] {
  return markdown.split('\n').flatMap((text, index) => {
    const name = /^\|\s*`([^`]+)`\s*\|/.exec(text)?.[1]
    return name === undefined ? [] : [{ name, line: index + 1 }]
  })
}
