// Groups: members come and go under load and nothing is lost; a static member that comes back disturbs
// nobody; what is committed survives the broker.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { GroupMember, KafkaClient, Membership } from '../harness/kafka-client.ts'
import { LoadedGroup } from '../harness/loaded-group.ts'
import { forEachProtocol, newTopic, numbered } from '../harness/scenario.ts'
import type { Ground, Scenario } from '../harness/scenario.ts'
import { until } from '../harness/waiting.ts'

const describesNone = 'description of groups of the consumer protocol'

const groupOf = (topic: string): string => `group-of-${topic}`

export const membersUnderLoad: Scenario = {
  name: 'a group of 1, then 3, then 2 members under load loses nothing',
  suits: (client) => client.join !== undefined,
  async run(ground, test) {
    const { client, length } = ground
    const { assignors } = client
    if (length === 'short' || assignors === undefined) return shareUnderLoad(ground, {}, test)
    for (const protocol of ['classic', 'consumer'] as const)
      for (const assignor of assignors[protocol] ?? [])
        await test.test(`${protocol} protocol, ${assignor}`, (test) =>
          shareUnderLoad(ground, { protocol, assignor }, test),
        )
  },
}

export const resumption: Scenario = {
  name: 'a group goes on where it was, also after the broker was killed',
  suits: (client) => client.join !== undefined,
  run: (ground, test) => forEachProtocol(ground.client, test, (sharing, test) => goOn(ground, sharing, test)),
}

async function goOn(ground: Ground, sharing: Partial<Membership>, test: TestContext): Promise<void> {
  const { client, broker } = ground
  const topic = await newTopic(ground)
  const membership = { group: groupOf(topic), topic, ...sharing }
  const sent = (first: number) => numbered(50, first).map((record) => ({ ...record, partition: 0 }))
  await client.produce(topic, sent(0))
  const before = await client.join!(membership)
  test.after(() => before.leave().catch(() => {}))
  await until(
    () => before.seen.length === 50,
    () => describe([before]),
  )
  await before.leave()
  await broker.process.kill()
  await broker.process.start()
  await client.produce(topic, sent(50))
  const after = await client.join!(membership)
  try {
    await until(
      () => after.seen.length >= 50,
      () => describe([after]),
    )
    assert.deepEqual(
      after.seen.map(({ offset }) => offset),
      Array.from({ length: 50 }, (_, index) => 50 + index),
    )
  } finally {
    await after.leave()
  }
}

export const staticRestart: Scenario = {
  name: 'a static member that comes back within its session gets its partitions, and the others keep theirs',
  suits: (client) => client.join !== undefined && !client.lacks.includes('static members'),
  run: (ground, test) =>
    ground.client.lacks.includes('static members of the consumer protocol')
      ? comeBack(ground, { protocol: 'classic' }, test)
      : forEachProtocol(ground.client, test, (sharing, test) => comeBack(ground, sharing, test)),
}

async function comeBack(ground: Ground, sharing: Partial<Membership>, test: TestContext): Promise<void> {
  const { client } = ground
  const topic = await newTopic(ground, 4)
  const membership = { group: groupOf(topic), topic, ...sharing }
  const members: GroupMember[] = []
  test.after(() => Promise.allSettled(members.map((member) => member.leave())))
  const join = async (instanceId: string): Promise<GroupMember> => {
    const member = await client.join!({ ...membership, instanceId })
    members.push(member)
    return member
  }
  const [one, two] = [await join('one'), await join('two')]
  await until(
    () => [one, two].every(({ partitions }) => partitions.length === 2),
    () => describe(members),
  )
  const [owned, othersOwn, assignments] = [one.partitions, two.partitions, two.assignments]
  members.splice(0, 1)
  await one.leave()
  const again = await join('one')
  await until(
    () => again.partitions.length === 2,
    () => describe(members),
  )
  assert.deepEqual(again.partitions, owned)
  assert.deepEqual(two.partitions, othersOwn)
  assert.equal(two.assignments, assignments, 'the other was not disturbed')
}

export const commits: Scenario = {
  name: 'a committed offset is told again, with its metadata, also after a kill or the end of a shard',
  suits: (client) => client.commit !== undefined,
  async run(ground) {
    const { client, broker } = ground
    const topic = await newTopic(ground, 2)
    await client.produce(
      topic,
      numbered(20).map((record) => ({ ...record, partition: 1 })),
    )
    const place = { group: groupOf(topic), topic, partition: 1 }
    const metadata = client.lacks.includes('metadata of commits') ? '' : 'up to the seventh, Grüße'
    assert.deepEqual(await client.committed!(place), { offset: undefined, metadata: '' })
    await client.commit!(place, 7, metadata)
    assert.deepEqual(await client.committed!(place), { offset: 7, metadata })
    assert.equal((await client.committed!({ ...place, partition: 0 })).offset, undefined)
    // An offset may go back.
    for (const [turn, offset] of [3, 9, 5].entries()) {
      await client.commit!(place, offset, metadata)
      await broker.strike(turn)
      assert.deepEqual(await client.committed!(place), { offset, metadata })
    }
  },
}

async function shareUnderLoad(
  ground: Ground,
  sharing: Partial<Membership>,
  test: TestContext,
): Promise<void> {
  const { client } = ground
  const loaded = await LoadedGroup.open(ground, test)
  const { group } = loaded
  const members = [await loaded.join(sharing)]
  await loaded.settle()
  members.push(await loaded.join(sharing), await loaded.join(sharing))
  await loaded.settle()
  await loaded.leave(members.splice(1, 1)[0]!)
  await loaded.settle()
  await loaded.end()
  const isDescribed = sharing.protocol !== 'consumer' || !client.lacks.includes(describesNone)
  if (isDescribed) await assertGroup(client, group, { state: /stable/i, members: 2 })
  await Promise.all(members.map((member) => loaded.leave(member)))
  if (isDescribed) await assertGroup(client, group, { state: /empty/i, members: 0 })
  if (client.admin?.deleteGroup === undefined) return
  await client.admin.deleteGroup(group)
  assert.ok(!(await client.admin.groups!()).includes(group))
}

async function assertGroup(
  { admin }: KafkaClient,
  group: string,
  wanted: { readonly state: RegExp; readonly members: number },
): Promise<void> {
  if (admin?.groupState === undefined) return
  assert.ok((await admin.groups!()).includes(group))
  const found = await admin.groupState(group)
  assert.match(found.state, wanted.state)
  assert.equal(found.members, wanted.members)
}

const describe = (members: readonly GroupMember[]): string =>
  members.map(({ seen, partitions }) => `${seen.length} seen of [${partitions.join(' ')}]`).join(', ')
