// What is published, from texts, files and pipes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewMessage } from '@sluice/client'
import { lineMessages, openInput, readWhole, repeatedMessages } from './publish-input.ts'
import type { MessageGroups } from './publish-input.ts'

const template = { subject: 's.{n}', headers: { h: '1' } }

async function* pipe(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk as string)
}

async function allOf(groups: MessageGroups): Promise<NewMessage[][]> {
  const all: NewMessage[][] = []
  for await (const group of groups) all.push(group)
  return all
}

const texts = (group: NewMessage[]): string[] =>
  group.map(({ data }) => Buffer.from(data as Uint8Array).toString())

test('one message is as it was given, braces and all', async () => {
  assert.deepEqual(await allOf(repeatedMessages({ subject: 's.x', headers: {} }, '{n}', undefined)), [
    [{ subject: 's.x', data: '{n}', headers: {} }],
  ])
})

test('many are numbered from 1, in groups', async () => {
  const groups = await allOf(repeatedMessages(template, 'message {n}', 2001))
  assert.deepEqual(
    groups.map(({ length }) => length),
    [1000, 1000, 1],
  )
  assert.deepEqual(groups[2], [{ subject: 's.2001', data: 'message 2001', headers: { h: '1' } }])
})

test('large data makes small groups', async () => {
  const groups = await allOf(repeatedMessages(template, new Uint8Array(300_000), 3))
  assert.deepEqual(
    groups.map(({ length }) => length),
    [1, 1, 1],
  )
})

test('lines may be cut anywhere, end in either way, and the last need not end', async () => {
  const [first, second, third, ...rest] = await allOf(
    lineMessages(template, pipe('a\nb', 'c\r\n\nd', 'e\nf')),
  )
  assert.deepEqual(
    [texts(first!), texts(second!), texts(third!), rest.map(texts)],
    [['a'], ['bc', ''], ['de'], [['f']]],
  )
  assert.deepEqual(
    second!.map(({ subject }) => subject),
    ['s.2', 's.3'],
  )
})

test('a character that is cut by a chunk stays whole', async () => {
  const bytes = Buffer.from('größe\n')
  const groups = await allOf(lineMessages(template, pipe(bytes.subarray(0, 3), bytes.subarray(3))))
  assert.deepEqual(groups.flatMap(texts), ['größe'])
})

test('many lines of one chunk are several groups', async () => {
  const groups = await allOf(lineMessages(template, pipe('x\n'.repeat(2500))))
  assert.deepEqual(
    groups.map(({ length }) => length),
    [1000, 1000, 500],
  )
})

test('input that is too much is refused before memory is', async () => {
  const megabyte = new Uint8Array(1024 * 1024)
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) yield megabyte
  }
  await assert.rejects(readWhole(endless()), /more than 67108864 bytes/)
  await assert.rejects(allOf(lineMessages(template, endless())), /A line has more than/)
})

test('a file that is not there is named', async () => {
  await assert.rejects(openInput('/nowhere/x', pipe()), /\/nowhere\/x cannot be read/)
})
