// The pages in docs/operating say what the tables in the code say. REWRITE=1 writes the page
// of the configuration.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { ERROR_CODES } from '@sluice/protocol/errors/error-codes'
import type { ErrorRow } from '@sluice/protocol/errors/error-codes'
import { configPage } from './config/config-page.ts'

const pages = new URL('../../../docs/operating/', import.meta.url)

test('config.md is what the table of properties gives', () => {
  const page = new URL('config.md', pages)
  if (process.env['REWRITE'] === '1') writeFileSync(page, configPage())
  assert.equal(readFileSync(page, 'utf8'), configPage())
})

test('errors.md has every code of the registry with its number, kind and advice, and no other', () => {
  const text = readFileSync(new URL('errors.md', pages), 'utf8')
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  const listed = rows.map((line) => {
    const [code, number, kind, meaning, advice] = line.slice(2, -2).split(' | ') as [
      string,
      string,
      string,
      string,
      string,
    ]
    assert.ok(meaning.length > 20, `${code} has no meaning`)
    return [code.slice(1, -1), { number: Number(number), kind, advice }] as const
  })
  const registered = Object.entries<ErrorRow>(ERROR_CODES).map(([code, { number, kind, advice }]) => {
    return [code, { number, kind, advice }] as const
  })
  assert.deepEqual(new Map(listed), new Map(registered))
  assert.equal(listed.length, registered.length)
})
