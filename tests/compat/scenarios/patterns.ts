// Who subscribes by a pattern reads topics that come later, and partitions that are added.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Membership } from '../harness/kafka-client.ts'
import { forEachProtocol, newName, valuesOf } from '../harness/scenario.ts'
import type { Ground, Scenario } from '../harness/scenario.ts'
import { until } from '../harness/waiting.ts'

/** So many subjects are in every partition. */
const PER_TOPIC = 30

export const patterns: Scenario = {
  name: 'who subscribes by a pattern reads topics that are made later and partitions that are added',
  suits: (client) => client.hasPatterns === true,
  run: (ground, test) =>
    forEachProtocol(ground.client, test, (sharing, test) => follow(ground, sharing, test)),
}

async function follow(
  { client, native }: Ground,
  sharing: Partial<Membership>,
  test: TestContext,
): Promise<void> {
  const family = newName()
  const topic = `^${family.replaceAll('.', '[.]')}[.][a-z]+$`
  const [first, second] = [`${family}.first`, `${family}.second`]
  await native.streams.create(first, { partitions: 1 })
  await native.streams.create(`${family}.NOT`, { partitions: 1 })
  const members = [
    await client.join!({ group: family, topic, ...sharing }),
    await client.join!({ group: family, topic, ...sharing }),
  ]
  test.after(() => Promise.allSettled(members.map((member) => member.leave())))
  const sent: string[] = []
  const seen = (): (string | null)[] => members.flatMap((member) => valuesOf(member.seen))
  // Natively, because clients that send to a partition have to hear of it first.
  const send = async (to: string): Promise<void> => {
    const values = Array.from({ length: PER_TOPIC }, (_, index) => `${to} ${sent.length + index}`)
    const messages = values.map((data, index) => ({ subject: `subject.${index}`, data }))
    await native.publishBatch(to, messages)
    sent.push(...values)
    await until(
      () => sent.every((each) => seen().includes(each)),
      () => `sent ${sent.join(', ')}; seen ${seen().join(', ')}`,
    )
  }
  await native.publish(`${family}.NOT`, 'k', 'not meant')
  await send(first)
  await native.streams.create(second, { partitions: 2 })
  await send(second)
  await client.admin!.addPartitions!(first, 3)
  await send(first)
  assert.ok(!seen().includes('not meant'))
}
