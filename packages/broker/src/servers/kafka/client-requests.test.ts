// What real clients send, byte for byte, recorded by tools/generate/kafka/record-clients.ts: each request is
// served, read to its last byte, and written again as it was.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { requestOf } from '@sluice/protocol/kafka/client-frames'
import { frameReader, readClientId, readHead } from './kafka-frames.ts'
import { kafkaHandlers } from './kafka-handlers.ts'

const lines = readFileSync(new URL('testdata/client-requests.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')

interface Recorded {
  readonly client: string
  readonly key: number
  readonly bytes: Buffer
}

const recorded: readonly Recorded[] = lines.map((line) => {
  const [client, key, , hex] = line.split(' ') as [string, string, string, string]
  return { client, key: Number(key), bytes: Buffer.from(hex, 'hex') }
})

for (const client of new Set(recorded.map((each) => each.client))) {
  test(`requests of ${client}`, () => {
    const requests = recorded.filter((each) => each.client === client)
    assert.ok(requests.length >= 5)
    for (const { key, bytes } of requests) {
      const reader = frameReader(bytes, 0, bytes.length)
      const head = readHead(reader)
      const { api } = kafkaHandlers.find((row) => row.api.key === key)!
      const { version, correlation } = head
      assert.ok(version >= api.versions.from && version <= api.versions.to, `${api.name} ${version}`)
      const clientId = readClientId(reader, version >= api.flexibleFrom)
      const request = api.readRequest(reader, version)
      reader.finish()
      const again = Buffer.from(requestOf(api, { version, correlation, clientId }, request))
      assert.equal(again.toString('hex'), bytes.toString('hex'), `${api.name} ${version}`)
    }
  })
}
