// Producing goes on through brokers that are killed and shards that end, and an idempotent producer's records
// are stored once each, in its order.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NewRecord } from '../harness/kafka-client.ts'
import { newTopic, valuesOf } from '../harness/scenario.ts'
import type { Scenario } from '../harness/scenario.ts'
import { within } from '../harness/waiting.ts'

const PARTITIONS = 2
const BATCH_RECORDS = 10

export const idempotentKills: Scenario = {
  name: 'what an idempotent producer sends while brokers are killed and shards end is stored once, in order',
  suits: ({ lacks }) => !lacks.includes('idempotence') && !lacks.includes('outages'),
  async run(ground) {
    const { client, other, broker, length } = ground
    const topic = await newTopic(ground, PARTITIONS)
    const strikes = length === 'long' ? 10 : 2
    let sent = 0
    let isOver = false
    const sending = (async () => {
      for (; !isOver || sent % PARTITIONS > 0; sent++) {
        await client.produce(topic, batchOf(sent), { isIdempotent: true })
        await sleep(5)
      }
    })().finally(() => (isOver = true))
    const striking = (async () => {
      for (let turn = 0; turn < strikes && !isOver; turn++) {
        await sleep(150 + turn * 37)
        await broker.strike(turn)
      }
    })().finally(() => (isOver = true))
    // Why settled first: a scenario that fails must not go on striking in the next one.
    await within(180_000, 'sending', Promise.allSettled([sending, striking]))
    await Promise.all([sending, striking])
    const wanted = Array.from({ length: sent }, (_, batch) => batchOf(batch)).flat()
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const values = wanted.filter((record) => record.partition === partition).map(({ value }) => value)
      const seen = await other.read({ topic, partition, from: 'first', count: values.length })
      assert.deepEqual(valuesOf(seen), values)
      await client.produce(topic, [{ key: 'end', value: 'end', partition }])
      const [last] = await other.read({ topic, partition, from: { offset: values.length }, count: 1 })
      assert.equal(last!.value, 'end', 'nothing is stored twice')
    }
  },
}

/** For one partition: a client that repeats a call for several may repeat what one of them has taken. */
const batchOf = (batch: number): NewRecord[] =>
  Array.from({ length: BATCH_RECORDS }, (_, index) => ({
    key: `k.${index}`,
    value: `${batch}.${index}`,
    partition: batch % PARTITIONS,
  }))
