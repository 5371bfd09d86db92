// By each assignor of a library: every partition has one member, and every record is read.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { GroupMember, GroupProtocol } from '../harness/kafka-client.ts'
import { newTopic, numbered } from '../harness/scenario.ts'
import type { Ground, Scenario } from '../harness/scenario.ts'
import { until } from '../harness/waiting.ts'

const PARTITIONS = 5
const RECORDS = 50

export const classicAssignors = everyAssignor(
  'classic',
  'members share partitions by every assignor of theirs',
)
function everyAssignor(protocol: GroupProtocol, name: string): Scenario {
  return {
    name,
    suits: ({ assignors }) => assignors?.[protocol] !== undefined,
    async run(ground, test) {
      for (const assignor of ground.client.assignors![protocol]!)
        await test.test(assignor, (test) => share(ground, { protocol, assignor }, test))
    },
  }
}

interface Sharing {
  readonly protocol: GroupProtocol
  readonly assignor: string
}

async function share(ground: Ground, sharing: Sharing, test: TestContext): Promise<void> {
  const { client } = ground
  const topic = await newTopic(ground, PARTITIONS)
  const members: GroupMember[] = []
  test.after(() => Promise.allSettled(members.map((member) => member.leave())))
  for (let member = 0; member < 2; member++)
    members.push(await client.join!({ group: `group-of-${topic}`, topic, ...sharing }))
  const owned = (): number[][] => members.map(({ partitions }) => [...partitions])
  const everyPartition = Array.from({ length: PARTITIONS }, (_, partition) => partition)
  await until(
    () => {
      const all = owned().flat().toSorted()
      return String(all) === String(everyPartition) && owned().every(({ length }) => length >= 2)
    },
    () => JSON.stringify(owned()),
  )
  const sent = numbered(RECORDS).map((record, index) => ({ ...record, partition: index % PARTITIONS }))
  await client.produce(topic, sent)
  const values = (): (string | null)[] => members.flatMap(({ seen }) => seen.map(({ value }) => value))
  await until(
    () => new Set(values()).size === RECORDS,
    () => `${values().length} seen`,
  )
  for (const { seen, partitions } of members)
    assert.ok(
      seen.every(({ partition }) => partitions.includes(partition)),
      'each reads its own',
    )
}
