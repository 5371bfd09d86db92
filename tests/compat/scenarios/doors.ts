// Across the doors: what a Kafka client sends, in whatever codec, is under the rules of flow consumers;
// what is published natively is read by a Kafka group.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { CODECS } from '../harness/kafka-client.ts'
import { newTopic } from '../harness/scenario.ts'
import type { Scenario } from '../harness/scenario.ts'
import { until } from '../harness/waiting.ts'

const SUBJECTS = 4

export const flowFromKafka: Scenario = {
  name: 'a flow consumer with rules takes what was sent in every codec, in the order of each subject',
  suits: () => true,
  async run(ground) {
    const { client, native } = ground
    const topic = await newTopic(ground, 2)
    const rules = [{ match: 'job.*', limit: 1 }]
    const consumer = await native.consumers.create(topic, { name: 'workers', rules })
    const perCodec = 12
    const codecs = client.codecs ?? CODECS
    for (const codec of codecs)
      await client.produce(
        topic,
        Array.from({ length: perCodec }, (_, index) => ({
          key: `job.${index % SUBJECTS}`,
          value: `${codec}.${index}`,
          // Each subject has its partition, as any partitioner by key has it.
          partition: index % 2,
        })),
        { codec },
      )
    const wanted = perCodec * codecs.length
    const [taken, out] = [new Map<string, string[]>(), new Set<string>()]
    const settling: Promise<void>[] = []
    for await (const message of consumer.messages({ window: 50 })) {
      const { subject, data } = message
      assert.ok(!out.has(subject), `${subject} is out already, and its limit is 1`)
      out.add(subject)
      taken.set(subject, [...(taken.get(subject) ?? []), Buffer.from(data!).toString()])
      const settle = async (): Promise<void> => {
        await sleep(2)
        out.delete(subject)
        await message.ack()
      }
      settling.push(settle())
      if (settling.length === wanted) await Promise.all(settling)
      if (settling.length === wanted) break
    }
    for (let subject = 0; subject < SUBJECTS; subject++) {
      const indexes = Array.from({ length: perCodec }, (_, index) => index)
      const own = indexes.filter((index) => index % SUBJECTS === subject)
      const order = codecs.flatMap((codec) => own.map((index) => `${codec}.${index}`))
      assert.deepEqual(taken.get(`job.${subject}`), order)
    }
  },
}

export const groupFromNative: Scenario = {
  name: 'a group reads what was published natively',
  suits: (client) => client.join !== undefined,
  async run(ground) {
    const { client, native } = ground
    const stream = await newTopic(ground, 3)
    const subjectOf = (index: number): string => `orders.${index % 20}`
    const messages = Array.from({ length: 300 }, (_, index) => ({
      subject: subjectOf(index),
      data: String(index),
      headers: { source: 'native' },
    }))
    await native.publishBatch(stream, messages)
    const member = await client.join!({ group: `readers-of-${stream}`, topic: stream })
    try {
      await until(
        () => member.seen.length >= 300,
        () => `${member.seen.length} seen`,
      )
      const numbers = member.seen.map(({ value }) => Number(value)).toSorted((one, two) => one - two)
      assert.deepEqual(
        numbers,
        messages.map((_, index) => index),
      )
      for (const { key, value, headers } of member.seen) {
        assert.equal(key, subjectOf(Number(value)))
        assert.deepEqual(headers, { source: 'native' })
      }
    } finally {
      await member.leave()
    }
  },
}
