// The forms of a message: for people, for programs, and its bytes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageBytes, messageDocument } from './message-format.ts'
import type { ShownMessage } from './message-format.ts'

const message: ShownMessage = {
  stream: 'S',
  partition: 2,
  offset: 7,
  timestamp: 0,
  key: Buffer.from('a.b'),
  data: Buffer.from('line\none'),
  headers: { trace: 'x' },
}
const binary = Buffer.from([0xff, 0x00])
const textOf = (changes: Partial<ShownMessage>): string =>
  messageBytes({ ...message, ...changes }, 'text').toString()

test('text is one line, whatever the data', () => {
  assert.equal(textOf({}), '2:7 1970-01-01T00:00:00.000Z a.b {trace=x} line\\none\n')
  assert.equal(
    textOf({ headers: {}, attempt: 1, data: null }),
    '2:7 1970-01-01T00:00:00.000Z a.b (tombstone)\n',
  )
  assert.equal(
    textOf({ headers: {}, attempt: 3, data: binary }),
    '2:7 1970-01-01T00:00:00.000Z a.b (attempt 3) base64:/wA=\n',
  )
  assert.match(textOf({ key: null }), /\(no subject\)/)
})

test('JSON has text where there is text, and base64 where there is none', () => {
  assert.deepEqual(JSON.parse(messageBytes(message, 'json').toString()), {
    stream: 'S',
    partition: 2,
    offset: 7,
    time: '1970-01-01T00:00:00.000Z',
    subject: 'a.b',
    headers: { trace: 'x' },
    data: 'line\none',
  })
  const opaque = messageDocument({ ...message, attempt: 2, key: binary, data: binary })
  assert.deepEqual([opaque['attempt'], opaque['subject'], opaque['subjectBase64']], [2, undefined, '/wA='])
  assert.deepEqual([opaque['data'], opaque['dataBase64']], [undefined, '/wA='])
  const empty = messageDocument({ ...message, key: null, data: null })
  assert.deepEqual([empty['subject'], empty['data']], [null, null])
})

test('raw ends a line, bytes adds nothing', () => {
  assert.deepEqual(messageBytes({ ...message, data: binary }, 'raw'), Buffer.from([0xff, 0x00, 0x0a]))
  assert.deepEqual(Buffer.from(messageBytes({ ...message, data: binary }, 'bytes')), binary)
  assert.equal(messageBytes({ ...message, data: null }, 'bytes').length, 0)
})
