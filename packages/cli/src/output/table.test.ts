// How rows and pairs stand under each other.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pairsText, tableText } from './table.ts'
import type { TableColumn } from './table.ts'

interface Row {
  readonly name: string
  readonly count: number
}

const columns: readonly TableColumn<Row>[] = [
  { head: 'NAME', cell: ({ name }) => name },
  { head: 'COUNT', cell: ({ count }) => count },
]

test('columns are as wide as their widest cell, and numbers stand right', () => {
  const rows = [
    { name: 'a', count: 7 },
    { name: 'longer', count: 1234567 },
  ]
  assert.equal(tableText(columns, rows, false), 'NAME      COUNT\na             7\nlonger  1234567\n')
})

test('without rows the heads remain', () => {
  assert.equal(tableText(columns, [], false), 'NAME  COUNT\n')
})

test('only a styled head has escapes, and what a cell brings is shown, not obeyed', () => {
  const rows = [{ name: '\u001b[31mred\nline', count: 1 }]
  const plain = tableText(columns, rows, false)
  assert.equal(plain, 'NAME               COUNT\n\\x1b[31mred\\nline      1\n')
  assert.ok(tableText(columns, rows, true).startsWith('\u001b[1mNAME'))
})

test('an emoji is one wide, and pairs are aligned', () => {
  assert.equal(
    pairsText([
      ['n', '😀'],
      ['name', 2],
    ]),
    'n     😀\nname  2\n',
  )
})
