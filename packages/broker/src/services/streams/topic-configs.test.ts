// The table of Kafka's topic configurations: every property of the model that Kafka has a word for stands in
// it, texts read as they are written, and docs/protocol/kafka.md shows it. REWRITE=1 writes the page.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { streamDefaults } from './stream-config.ts'
import { streamConfigOf, topicConfigs, topicConfigText } from './topic-configs.ts'
import type { TopicConfig } from './topic-configs.ts'

const sizes = { segmentBytes: 1024 * 1024, segmentMs: 60_000, indexIntervalBytes: 4096 }

test('the names stand in their order, each once', () => {
  const names = topicConfigs.map(({ name }) => name)
  assert.deepEqual(names, [...new Set(names)].toSorted())
})

test('every property of a stream that Kafka has a word for stands once in the table', () => {
  const named = topicConfigs.flatMap((row) => ('property' in row ? [row.property] : []))
  const without = ['subjects', 'partitions', 'maxMessages', 'kafkaConfigs']
  assert.deepEqual(
    named.toSorted(),
    Object.keys(streamDefaults)
      .filter((name) => !without.includes(name))
      .toSorted(),
  )
})

test('the default of each is read as it is written', () => {
  for (const row of topicConfigs) {
    const text = topicConfigText(row, undefined, sizes)
    const { kafkaConfigs, ...changes } = streamConfigOf(new Map([[row.name, text]]), [], sizes)
    assert.deepEqual(kafkaConfigs, [row.name])
    if (!('property' in row)) assert.deepEqual(changes, {})
    else if (!row.property.startsWith('segment')) {
      const name = row.property as keyof typeof streamDefaults
      assert.deepEqual(changes, { [name]: streamDefaults[name] }, row.name)
    }
  }
})

const page = new URL('../../../../../docs/protocol/kafka.md', import.meta.url)
const [begin, end] = ['<!-- table of the configurations of topics -->', '<!-- end of the configurations -->']

function rowText(row: TopicConfig): string {
  const isProperty = 'property' in row
  const property = isProperty ? `\`${row.property}\`` : ''
  const acts = isProperty ? 'yes' : 'no'
  const isOurs = isProperty && (row.property === 'segmentBytes' || row.property === 'segmentMs')
  const text = isOurs ? `the broker's \`${row.property}\`` : `\`${topicConfigText(row, undefined, sizes)}\``
  const value = isProperty ? text : `always ${text}`.replace('``', 'empty')
  return `| \`${row.name}\` | ${property} | ${value} | ${acts} | ${row.doc} |`
}

test('docs/protocol/kafka.md shows the table', () => {
  const text = readFileSync(page, 'utf8')
  const [first, last] = [text.indexOf(begin) + begin.length, text.indexOf(end)]
  assert.equal(first > begin.length && last > first, true)
  const head =
    '| configuration | property of the stream | default | acts | meaning |\n| --- | --- | --- | --- | --- |'
  const table = `\n${[head, ...topicConfigs.map(rowText)].join('\n')}\n`
  if (process.env['REWRITE'] === '1') writeFileSync(page, text.slice(0, first) + table + text.slice(last))
  else assert.equal(text.slice(first, last), table)
})
