// Reading begins where the client says: at the first record, at an offset in the middle of a batch, so many
// before the end, at a time.

import assert from 'node:assert/strict'
import { newTopic, numbered, valuesOf } from '../harness/scenario.ts'
import type { Scenario } from '../harness/scenario.ts'

export const positions: Scenario = {
  name: 'reading from the first, from an offset within a batch, from the last and from a time',
  suits: () => true,
  async run(ground) {
    const { client, other } = ground
    const topic = await newTopic(ground)
    const start = Date.now() - 100_000
    const sent = numbered(30).map((record, index) => ({
      ...record,
      partition: 0,
      timestamp: start + index * 1000,
    }))
    const producer = client.lacks.includes('timestamps') ? other : client
    await producer.produce(topic, sent.slice(0, 20), { codec: 'gzip' })
    await producer.produce(topic, sent.slice(20))
    const read = async (from: Parameters<typeof client.read>[0]['from'], count: number) =>
      valuesOf(await client.read({ topic, partition: 0, from, count }))
    assert.deepEqual(await read('first', 2), ['0', '1'])
    assert.deepEqual(await read({ offset: 17 }, 5), ['17', '18', '19', '20', '21'])
    assert.deepEqual(await read({ last: 3 }, 3), ['27', '28', '29'])
    assert.deepEqual(await read({ time: start + 12_500 }, 2), ['13', '14'], 'the first that is not older')
    assert.deepEqual(await read({ time: start + 25_000 }, 1), ['25'], 'that very time')
    assert.deepEqual(await read({ time: start - 1 }, 1), ['0'])
    const [tenth] = await client.read({ topic, partition: 0, from: { offset: 10 }, count: 1 })
    assert.equal(tenth!.timestamp, start + 10_000)
  },
}
