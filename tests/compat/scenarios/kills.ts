// Producing goes on through brokers that are killed, and an idempotent producer's records are stored once
// each, in its order.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NewRecord } from '../harness/kafka-client.ts'
import { newTopic, valuesOf } from '../harness/scenario.ts'
import type { Scenario } from '../harness/scenario.ts'
import { within } from '../harness/waiting.ts'

const PARTITIONS = 2
const BATCH_RECORDS = 10

export const idempotentKills: Scenario = {
  name: 'what an idempotent producer sends while brokers are killed is stored once, and in order',
  suits: ({ lacks }) => !lacks.includes('idempotence') && !lacks.includes('outages'),
  async run(ground) {
    const { client, other, broker, length } = ground
    const topic = await newTopic(ground, PARTITIONS)
    const [kills, batches] = length === 'long' ? [10, 1200] : [2, 60]
    let sent = 0
    let isDone = false
    const sending = (async () => {
      for (; sent < batches; sent++) await client.produce(topic, batchOf(sent), { isIdempotent: true })
      isDone = true
    })()
    const killing = (async () => {
      for (let kill = 0; kill < kills && !isDone; kill++) {
        await sleep(150 + kill * 37)
        await broker.process.kill()
        await sleep(50)
        await broker.process.start()
      }
    })()
    // Why settled first: a scenario that fails must not go on killing in the next one.
    await within(180_000, 'sending', Promise.allSettled([sending, killing]))
    await Promise.all([sending, killing])
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const seen = await other.read({
        topic,
        partition,
        from: 'first',
        count: (batches / PARTITIONS) * BATCH_RECORDS,
      })
      const wanted = Array.from({ length: batches }, (_, batch) => batchOf(batch)).flat()
      assert.deepEqual(
        valuesOf(seen),
        wanted.filter((record) => record.partition === partition).map(({ value }) => value),
      )
      await client.produce(topic, [{ key: 'end', value: 'end', partition }])
      const [last] = await other.read({
        topic,
        partition,
        from: { offset: (batches / PARTITIONS) * BATCH_RECORDS },
        count: 1,
      })
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
