// What is sent is what is read: every codec, headers, null keys and values, large messages.

import assert from 'node:assert/strict'
import { CODECS } from '../harness/kafka-client.ts'
import type { NewRecord, SeenRecord } from '../harness/kafka-client.ts'
import { newTopic, numbered, valuesOf } from '../harness/scenario.ts'
import type { Scenario } from '../harness/scenario.ts'

const samples: readonly NewRecord[] = [
  { key: 'orders.1', value: 'first' },
  { key: null, value: 'without a key' },
  { key: 'orders.2', value: null },
  { key: 'orders.3', value: 'with headers', headers: { trace: 'a-1', 'content-type': 'text/plain' } },
  { key: 'ключ with spaces and > * .. signs', value: 'Grüße, 世界 🌍' },
  { key: 'orders.4', value: 'x'.repeat(20_000) },
]

type Content = Pick<SeenRecord, 'key' | 'value' | 'headers'>
const contentOf = ({ key, value, headers = {} }: NewRecord | SeenRecord): Content => ({ key, value, headers })

export const everyCodec: Scenario = {
  name: 'records of every codec arrive as they were sent',
  suits: () => true,
  async run(ground) {
    const { client, length } = ground
    for (const codec of client.codecs ?? CODECS) {
      const topic = await newTopic(ground)
      const many = numbered(length === 'long' ? 5000 : 200)
      const sent = [...samples, ...many].map((record) => ({ ...record, partition: 0 }))
      const before = Date.now()
      await client.produce(topic, sent, { codec })
      const seen = await client.read({ topic, partition: 0, from: 'first', count: sent.length })
      assert.deepEqual(seen.map(contentOf), sent.map(contentOf), codec)
      assert.deepEqual(
        seen.map(({ offset }) => offset),
        sent.map((_, index) => index),
      )
      const isTimely = ({ timestamp }: SeenRecord): boolean => timestamp >= before && timestamp <= Date.now()
      assert.ok(seen.every(isTimely), `${codec}: timestamps are those of the producer`)
    }
  },
}

export const acrossClients: Scenario = {
  name: 'what another client sent is read, and the other way round, in every codec',
  suits: () => true,
  async run(ground) {
    const { client, other } = ground
    for (const codec of client.codecs ?? CODECS) {
      const topic = await newTopic(ground)
      const sent = numbered(100).map((record) => ({ ...record, partition: 0 }))
      await other.produce(topic, sent, { codec })
      await client.produce(topic, sent, { codec })
      const twice = [...sent, ...sent].map(({ value }) => value)
      for (const reader of [client, other]) {
        const seen = await reader.read({ topic, partition: 0, from: 'first', count: 200 })
        assert.deepEqual(valuesOf(seen), twice, `${codec}, read by ${reader.name}`)
      }
    }
  },
}

export const largeMessages: Scenario = {
  name: 'messages of 1 MB arrive; larger ones are refused, and the topic goes on',
  suits: () => true,
  async run(ground) {
    const { client } = ground
    const topic = await newTopic(ground)
    const large = [noise(1_000_000), noise(1_000_000)]
    const sent = large.map((value) => ({ key: 'large', value, partition: 0 }))
    for (const record of sent) await client.produce(topic, [record])
    const tooLarge = { key: 'too.large', value: noise(3_000_000), partition: 0 }
    await assert.rejects(client.produce(topic, [tooLarge]))
    await client.produce(topic, [{ key: 'after', value: 'it', partition: 0 }])
    const seen = await client.read({ topic, partition: 0, from: 'first', count: 3 })
    assert.deepEqual(valuesOf(seen), [...large, 'it'])
  },
}

/** Text that no codec makes much smaller. */
function noise(length: number): string {
  let seed = length
  const letters = Array.from({ length }, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return String.fromCharCode(33 + ((seed >>> 16) % 90))
  })
  return letters.join('')
}
