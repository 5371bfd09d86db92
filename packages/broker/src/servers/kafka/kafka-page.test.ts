// docs/protocol/kafka.md lists exactly what is served. REWRITE=1 writes its table.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { kafkaHandlers } from './kafka-handlers.ts'

const page = new URL('../../../../../docs/protocol/kafka.md', import.meta.url)
const [begin, end] = ['<!-- table of the handlers -->\n', '<!-- end of the table -->\n']

function table(): string {
  const rows = kafkaHandlers.map(({ api, overlaps }) => {
    const { key, name, versions, advertisedFrom, flexibleFrom } = api
    const told = advertisedFrom === versions.from ? '' : ` (told: from ${advertisedFrom})`
    const flexible = flexibleFrom === Infinity ? 'never' : `${flexibleFrom}`
    const range = versions.from === versions.to ? `${versions.from}` : `${versions.from}–${versions.to}`
    return `| ${key} | ${name} | ${range}${told} | ${flexible} | ${overlaps ? 'yes' : ''} |\n`
  })
  const head = '| key | request | versions | flexible from | overlaps |\n| ---: | --- | --- | --- | --- |\n'
  return head + rows.join('')
}

test('the page lists what is served, and nothing else', () => {
  const text = readFileSync(page, 'utf8')
  const [start, stop] = [text.indexOf(begin) + begin.length, text.indexOf(end)]
  assert.ok(start >= begin.length && stop >= start)
  if (process.env['REWRITE'] === '1') writeFileSync(page, text.slice(0, start) + table() + text.slice(stop))
  const now = readFileSync(page, 'utf8')
  assert.equal(now.slice(start, now.indexOf(end)), table())
})
