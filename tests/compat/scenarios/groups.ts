// Groups: members come and go under load and nothing is lost; a static member that comes back disturbs
// nobody; what is committed survives the broker.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GroupMember, KafkaClient, Membership } from '../harness/kafka-client.ts'
import { newTopic, numbered } from '../harness/scenario.ts'
import type { Ground, Scenario } from '../harness/scenario.ts'
import { until, within } from '../harness/waiting.ts'

const PARTITIONS = 6
const groupOf = (topic: string): string => `group-of-${topic}`

export const membersUnderLoad: Scenario = {
  name: 'a group of 1, then 3, then 2 members under load loses nothing',
  suits: (client) => client.join !== undefined,
  async run(ground, test) {
    const { client, length } = ground
    const assignors = client.assignors?.classic
    if (length === 'short' || assignors === undefined) return shareUnderLoad(ground, {}, test)
    for (const assignor of assignors)
      await test.test(assignor, (test) => shareUnderLoad(ground, { protocol: 'classic', assignor }, test))
  },
}

export const resumption: Scenario = {
  name: 'a group goes on where it was, also after the broker was killed',
  suits: (client) => client.join !== undefined,
  async run(ground, test) {
    const { client, broker } = ground
    const topic = await newTopic(ground)
    const membership = { group: groupOf(topic), topic }
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
  },
}

export const staticRestart: Scenario = {
  name: 'a static member that comes back within its session gets its partitions, and the others keep theirs',
  suits: (client) => client.join !== undefined && !client.lacks.includes('static members'),
  async run(ground, test) {
    const { client } = ground
    const topic = await newTopic(ground, 4)
    const membership = { group: groupOf(topic), topic }
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
  },
}

export const commits: Scenario = {
  name: 'a committed offset is told again, with its metadata, also after the broker was killed or a shard ended',
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
  const { client, length } = ground
  const topic = await newTopic(ground, PARTITIONS)
  const [rounds, perRound] = length === 'long' ? [200, 100] : [30, 20]
  const members: GroupMember[] = []
  test.after(() => Promise.allSettled(members.map((member) => member.leave())))
  const join = async (): Promise<GroupMember> => {
    const member = await client.join!({ group: groupOf(topic), topic, ...sharing })
    members.push(member)
    return member
  }
  const load = feed(ground, topic, { rounds, perRound })
  // Awaited below, when the members have come and gone.
  load.catch(() => {})
  const first = await join()
  await until(
    () => first.seen.length > 0,
    () => describe(members),
  )
  const [second, third] = [await join(), await join()]
  await until(
    () => [first, second, third].every(({ partitions }) => partitions.length === 2),
    () => describe(members),
  )
  await second.leave()
  members.splice(members.indexOf(second), 1)
  await until(
    () => [first, third].every(({ partitions }) => partitions.length === 3),
    () => describe(members),
  )
  await within(120_000, 'sending', load)
  const wanted = rounds * perRound
  const all = (): Set<string> => new Set([first, second, third].flatMap(({ seen }) => seen.map(placeOf)))
  await until(
    () => all().size === wanted,
    () =>
      `${all().size} of ${wanted} seen; ${describe(members)}; missing: ${missing(all(), rounds, perRound)}`,
    120_000,
  )
  await assertGroup(client, groupOf(topic), { state: /stable/i, members: 2 })
  await Promise.all(members.splice(0).map((member) => member.leave()))
  await assertGroup(client, groupOf(topic), { state: /empty/i, members: 0 })
  if (client.admin?.deleteGroup === undefined) return
  await client.admin.deleteGroup(groupOf(topic))
  assert.ok(!(await client.admin.groups!()).includes(groupOf(topic)))
}

async function feed(
  { client }: Ground,
  topic: string,
  { rounds, perRound }: { readonly rounds: number; readonly perRound: number },
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const records = numbered(perRound, round * perRound)
    await client.produce(
      topic,
      records.map((record, index) => ({ ...record, partition: index % PARTITIONS })),
    )
    await sleep(20)
  }
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

/** The first few that nobody has seen. */
function missing(seen: ReadonlySet<string>, rounds: number, perRound: number): string {
  const perPartition = rounds * Math.ceil(perRound / PARTITIONS)
  const places = Array.from({ length: PARTITIONS }, (_, partition) =>
    Array.from({ length: perPartition }, (_, offset) => placeOf({ partition, offset })),
  )
  return places
    .flat()
    .filter((place) => !seen.has(place))
    .slice(0, 100)
    .join(' ')
}

const placeOf = ({ partition, offset }: { partition: number; offset: number }): string =>
  `${partition}@${offset}`

const describe = (members: readonly GroupMember[]): string =>
  members.map(({ seen, partitions }) => `${seen.length} seen of [${partitions.join(' ')}]`).join(', ')
