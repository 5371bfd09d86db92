import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { docLinks } from './doc-links.ts'

const found = (text: string): string[] =>
  findingsIn({ 'docs/a.md': text, 'docs/b.md': '', LICENSE: '' }, docLinks)

test('a link to nothing is found', () => {
  assert.deepEqual(found('x\n[b](c.md)'), ['docs/a.md:2 doc-link'])
  assert.deepEqual(found('![picture](pictures/c.svg "title")'), ['docs/a.md:1 doc-link'])
})

test('links to files, folders, headings and elsewhere are left alone', () => {
  assert.deepEqual(
    found('[1](b.md) [2](./b.md#top) [3](../LICENSE) [4](../docs/) [5](#x) [6](https://a.b/c)'),
    [],
  )
  assert.deepEqual(found('```\n[b](c.md)\n```\n'), [])
})
