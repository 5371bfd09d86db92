// Groups of the consumer protocol on a simulated disk and clock: what members were told survives kills and
// power losses, no two of them have one partition, and groups change their protocol under their members.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '../../testing/sim-io.ts'
import type { SimWorld } from '../../testing/sim-io.ts'
import { joinOf } from './classic/group-script.fixture.ts'
import { beatOf, joiningOf, sets, textOf } from './consumer/consumer-script.fixture.ts'
import { joiningEpoch, leavingEpoch, pausingEpoch } from './consumer-messages.ts'
import type { ConsumerAnswer, ConsumerHeartbeat } from './consumer-messages.ts'
import { areEqual, countOf, intersection, noPartitions, overlap, union } from './partition-sets.ts'
import type { PartitionSets } from './partition-sets.ts'
import { commitOf, groupLimits, openGroups, Topics } from './groups.fixture.ts'
import type { Groups } from './groups.ts'
import { assignedPartitions, writeAssignment } from './subscription-reader.ts'

const partitionCount = 12
const groupId = 'g'

/** Reads what it was told to have, gives up what it was told to, and says all when it was not answered. */
class Member {
  readonly memberId: string
  owned: PartitionSets = noPartitions
  #told: PartitionSets = noPartitions
  #epoch = joiningEpoch
  #isWhole = true
  isAsking = false
  isFenced = false

  constructor(memberId: string) {
    this.memberId = memberId
  }

  async beat(groups: Groups, isStale: () => boolean): Promise<void> {
    this.owned = intersection(this.owned, this.#told)
    const { memberId } = this
    if (this.isFenced) this.#forget()
    this.isFenced = false
    const whole = { rebalanceTimeoutMs: 60_000, topics: ['T'], owned: this.owned }
    const request = beatOf({
      memberId,
      epoch: this.#epoch,
      ...(this.#isWhole ? whole : { owned: this.owned }),
    })
    this.#isWhole = true
    this.isAsking = true
    const answer = await groups.consumerHeartbeat(groupId, request)
    if (isStale()) return
    this.isAsking = false
    this.#heard(answer)
  }

  /** It has nothing any more, and joins again. */
  #forget(): void {
    this.#epoch = joiningEpoch
    this.owned = noPartitions
    this.#told = noPartitions
  }

  #heard({ error, epoch, assigned }: ConsumerAnswer): void {
    if (error === 'fenced-member-epoch' || error === 'unknown-member-id' || error === 'group-id-not-found') {
      return this.#forget()
    }
    if (error !== 'none') return
    assert.ok(epoch >= this.#epoch, `${this.memberId} was in epoch ${this.#epoch} and is told ${epoch}`)
    this.#epoch = epoch
    this.#isWhole = false
    if (assigned === null) return
    this.#told = assigned
    // Why also what it gives up: it reads that until its next heartbeat.
    this.owned = union(this.owned, assigned)
  }
}

function checkDisjoint(members: readonly Member[], place: string): void {
  for (const [at, one] of members.entries()) {
    for (const other of members.slice(at + 1)) {
      assert.ok(!overlap(one.owned, other.owned), `${one.memberId} and ${other.memberId} read one, ${place}`)
    }
  }
}

async function life(world: SimWorld, members: Member[], topics: Topics): Promise<void> {
  const { random } = world.scheduler
  let isOver = false
  const groups = await openGroups(world.startNode('n'), topics)
  for (let step = random.int(2, 25); step > 0; step--) {
    if (members.length < 6 && random.chance(0.3)) members.push(new Member(`m${world.seed}-${members.length}`))
    if (random.chance(0.1)) random.pick(members).isFenced = true
    const asking = members.filter((member) => !member.isAsking && random.chance(0.5))
    const asked = asking.map((member) => member.beat(groups, () => isOver))
    if (random.chance(0.7)) await Promise.all(asked)
    checkDisjoint(members, `seed ${world.seed}`)
    if (random.chance(0.2)) await world.sleep(random.between(0, 50))
  }
  isOver = true
  for (const member of members) member.isAsking = false
  world.crash('n', random.chance(0.5) ? 'kill' : 'power')
}

test('no two members read one partition, over kills and power losses (20 seeds)', async () => {
  for (let seed = 0; seed < 20; seed++) {
    await simulate(seed, async (world) => {
      const topics = new Topics()
      topics.add('T', partitionCount)
      const members = [new Member(`m${seed}-first`)]
      for (let lives = 0; lives < 12; lives++) await life(world, members, topics)
      const groups = await openGroups(world.startNode('n'), topics)
      for (let round = 0; round < 6; round++) {
        for (const member of members) await member.beat(groups, () => false)
        checkDisjoint(members, `at the end, seed ${seed}`)
      }
      const described = groups.admin.describeConsumers(groupId)!
      assert.equal(described.phase, 'Stable')
      assert.equal(
        members.reduce((sum, { owned }) => sum + countOf(owned), 0),
        partitionCount,
      )
      for (const { memberId, target, assigned } of described.members) {
        assert.ok(areEqual(target, assigned))
        assert.ok(areEqual(members.find((member) => member.memberId === memberId)!.owned, assigned))
      }
      await groups.close()
    })
  }
})

/** One group, and what is asked of it. */
class Asking {
  readonly topics = new Topics()
  groups!: Groups
  readonly #world: SimWorld
  #limits = groupLimits

  constructor(world: SimWorld, limits: Partial<typeof groupLimits> = {}) {
    this.#world = world
    this.#limits = { ...groupLimits, ...limits }
    this.topics.add('T')
  }

  async start(): Promise<void> {
    this.groups = await openGroups(this.#world.startNode('n'), this.topics, { limits: this.#limits })
  }

  async restart(): Promise<void> {
    this.#world.crash('n', 'power')
    await this.start()
  }

  async join(memberId: string, changes: Partial<ConsumerHeartbeat> = {}): Promise<ConsumerAnswer> {
    return this.groups.consumerHeartbeat(groupId, joiningOf({ memberId, ...changes }))
  }

  async beat(
    memberId: string,
    epoch: number,
    changes: Partial<ConsumerHeartbeat> = {},
  ): Promise<ConsumerAnswer> {
    return this.groups.consumerHeartbeat(groupId, beatOf({ memberId, epoch, ...changes }))
  }

  phase(): string {
    return this.groups.admin.list()[0]!.phase
  }

  kind(): string {
    return this.groups.admin.list()[0]!.kind
  }
}

/** Version 1, with what the member has. */
function subscription(owned: readonly number[] = []): Uint8Array {
  const [topics, none] = [
    writeAssignment(1, [{ topic: { name: 'T' }, partitions: [] }]),
    [255, 255, 255, 255],
  ]
  const head = [...topics.subarray(0, 6), 0, 1, 84, ...none]
  const part = writeAssignment(1, owned.length === 0 ? [] : [{ topic: { name: 'T' }, partitions: owned }])
  return Uint8Array.from([...head, ...part.subarray(2, -4)])
}

const classicOf = (changes: Partial<Parameters<Groups['join']>[1]> = {}): Parameters<Groups['join']>[1] =>
  joinOf({ protocols: [{ name: 'range', metadata: subscription() }], sessionTimeoutMs: 30_000, ...changes })

/** Alone in its group, with all four partitions of T. */
async function loneClassic(
  { groups }: Asking,
  changes: Parameters<typeof classicOf>[0] = {},
): Promise<{ memberId: string; generation: number }> {
  const { memberId, generation } = await groups.join(groupId, classicOf(changes))
  const assignment = writeAssignment(1, [{ topic: { name: 'T' }, partitions: [0, 1, 2, 3] }])
  const named = { memberId, instanceId: null, generation, protocolType: null, protocolName: null }
  await groups.sync(groupId, { ...named, assignments: [{ memberId, assignment }] })
  return { memberId, generation }
}

function synced(group: Asking, memberId: string, generation: number): Promise<string | null> {
  const named = { memberId, instanceId: null, generation, protocolType: null, protocolName: null }
  return group.groups.sync(groupId, { ...named, assignments: [] }).then(({ error, assignment }) => {
    if (error !== 'none') return error
    return assignedPartitions(assignment)!
      .map(({ partition }) => partition)
      .join(' ')
  })
}

test('a group of classic members is upgraded under them, and goes back when only they are left', () =>
  simulate(21, async (world) => {
    const group = new Asking(world)
    await group.start()
    const { memberId, generation } = await loneClassic(group)
    const name = { memberId, instanceId: null }
    await group.groups.offsets.commit({ ...commitOf(groupId, 'T', { 0: 7 }), member: name, generation })
    const joined = await group.join('new')
    assert.deepEqual([joined.error, joined.epoch, textOf(joined.assigned)], ['none', generation + 1, ''])
    assert.deepEqual([group.kind(), group.phase()], ['consumer', 'Reconciling'])
    await group.restart()
    assert.equal(group.groups.heartbeat(groupId, name, generation), 'rebalance-in-progress')
    assert.equal(await synced(group, memberId, generation), 'rebalance-in-progress')
    const again = await group.groups.join(groupId, classicOf({ memberId }))
    assert.deepEqual([again.error, again.generation, again.leaderId], ['none', generation + 1, ''])
    assert.equal(await synced(group, memberId, again.generation), '0 1')
    const told = await group.beat('new', joined.epoch)
    assert.equal(textOf(told.assigned), '1: 2 3')
    assert.equal(group.phase(), 'Stable')
    const { topics } = await group.groups.offsets.fetch(groupId, null)
    assert.equal(topics[0]!.partitions[0]!.committed?.offset, 7)
    await group.beat('new', leavingEpoch)
    assert.deepEqual([group.kind(), group.phase()], ['classic', 'PreparingRebalance'])
    assert.equal(group.groups.heartbeat(groupId, name, again.generation), 'rebalance-in-progress')
    const last = await group.groups.join(groupId, classicOf({ memberId }))
    assert.deepEqual([last.error, last.leaderId, last.generation], ['none', memberId, again.generation + 1])
    await group.groups.close()
  }))

test('a classic member that keeps what it has gives it up first, and is told when there is more', () =>
  simulate(22, async (world) => {
    const group = new Asking(world)
    await group.start()
    const { memberId, generation } = await loneClassic(group)
    const joined = await group.join('new')
    const protocols = [{ name: 'range', metadata: subscription([0, 1, 2, 3]) }]
    const asked = await group.groups.join(groupId, classicOf({ memberId, protocols }))
    assert.equal(asked.generation, generation, 'it has something to give up')
    assert.equal(await synced(group, memberId, generation), '0 1')
    assert.equal(textOf((await group.beat('new', joined.epoch)).assigned), null)
    assert.equal(
      group.groups.heartbeat(groupId, { memberId, instanceId: null }, generation),
      'rebalance-in-progress',
    )
    const kept = [{ name: 'range', metadata: subscription([0, 1]) }]
    const given = await group.groups.join(groupId, classicOf({ memberId, protocols: kept }))
    assert.equal(given.generation, joined.epoch)
    assert.equal(textOf((await group.beat('new', joined.epoch)).assigned), '1: 2 3')
    assert.equal(group.groups.heartbeat(groupId, { memberId, instanceId: null }, given.generation), 'none')
    await group.groups.close()
  }))

test('a classic member joins a group of the consumer protocol, and is out when it is silent', () =>
  simulate(23, async (world) => {
    const group = new Asking(world)
    await group.start()
    await group.join('new')
    const asked = await group.groups.join(groupId, classicOf({ isIdRequired: true }))
    assert.equal(asked.error, 'member-id-required')
    const { memberId } = asked
    const joined = await group.groups.join(groupId, classicOf({ memberId, isIdRequired: true }))
    assert.deepEqual([joined.error, joined.generation, joined.protocolName], ['none', 2, 'range'])
    assert.equal(await synced(group, memberId, 2), '')
    await group.beat('new', 1)
    await group.beat('new', 1, { owned: sets({ 1: [0, 1] }) })
    const name = { memberId, instanceId: null }
    assert.equal(group.groups.heartbeat(groupId, name, 2), 'rebalance-in-progress', 'there is more for it')
    const more = await group.groups.join(groupId, classicOf({ memberId }))
    assert.equal(await synced(group, memberId, more.generation), '2 3')
    const left = group.groups.leave(groupId, [{ memberId: 'new', instanceId: null }])
    assert.equal(left.members[0]!.error, 'unknown-member-id', 'it speaks the other protocol')
    await world.sleep(9000)
    await group.beat('new', 2)
    await world.sleep(9000)
    await group.beat('new', 2)
    assert.equal(group.groups.heartbeat(groupId, name, 2), 'none')
    assert.deepEqual(group.groups.leave(groupId, [name]).members[0]!.error, 'none')
    assert.equal(group.groups.heartbeat(groupId, name, 2), 'unknown-member-id')
    assert.equal(textOf((await group.beat('new', 2)).assigned), '1: 0 1 2 3')
    await group.groups.close()
  }))

test('a classic member that is told to join again and does not is out', () =>
  simulate(24, async (world) => {
    const group = new Asking(world, { groupConsumerSessionTimeoutMs: 100_000 })
    await group.start()
    const { memberId, generation } = await loneClassic(group)
    const { epoch } = await group.join('new')
    const name = { memberId, instanceId: null }
    for (let beats = 0; beats < 6; beats++) {
      await world.sleep(15_000)
      group.groups.heartbeat(groupId, name, generation)
    }
    assert.equal(textOf((await group.beat('new', epoch)).assigned), '1: 0 1 2 3')
    await group.groups.close()
  }))

test('a classic member has no more time to join again than it said, however long its session is', () =>
  simulate(35, async (world) => {
    const group = new Asking(world)
    await group.start()
    const { memberId, generation } = await loneClassic(group, { rebalanceTimeoutMs: 1000 })
    await group.join('new')
    // Why: what the group was armed for before it was upgraded is over then.
    await world.sleep(2000)
    const beat = (): string => group.groups.heartbeat(groupId, { memberId, instanceId: null }, generation)
    assert.equal(beat(), 'rebalance-in-progress')
    await world.sleep(900)
    assert.equal(beat(), 'rebalance-in-progress')
    await world.sleep(200)
    assert.equal(beat(), 'unknown-member-id')
    await group.groups.close()
  }))

test('who leaves while a large group rests from being written has left, when the broker is closed', () =>
  simulate(36, async (world) => {
    const group = new Asking(world)
    await group.start()
    const topics = Array.from({ length: 3000 }, (_, at) => `${'t'.repeat(100)}${at}`)
    await group.join('stays', { topics })
    await group.join('leaves', { topics })
    await group.groups.consumerHeartbeat(groupId, beatOf({ memberId: 'stays', epoch: 1 }))
    const left = group.groups.consumerHeartbeat(groupId, beatOf({ memberId: 'leaves', epoch: leavingEpoch }))
    await group.groups.close()
    assert.equal((await left).error, 'coordinator-not-available')
    world.crash('n', 'power')
    await group.start()
    const { members } = group.groups.admin.describeConsumers(groupId)!
    assert.deepEqual(
      members.map(({ memberId }) => memberId),
      ['stays'],
    )
    await group.groups.close()
  }))

for (const [groupMigration, up, down] of [
  ['disabled', 'group-id-not-found', 'consumer'],
  ['upgrade', 'none', 'consumer'],
  ['downgrade', 'group-id-not-found', 'classic'],
] as const) {
  test(`which way groups with members change: ${groupMigration}`, () =>
    simulate(25, async (world) => {
      const group = new Asking(world, { groupMigration })
      await group.start()
      await loneClassic(group)
      assert.equal((await group.join('new')).error, up)
      const { groups } = group
      assert.equal((await groups.consumerHeartbeat('h', joiningOf({ memberId: 'a' }))).error, 'none')
      assert.equal((await groups.join('h', classicOf())).error, 'none')
      await groups.consumerHeartbeat('h', beatOf({ memberId: 'a', epoch: leavingEpoch }))
      assert.equal(groups.admin.list().find((one) => one.groupId === 'h')!.kind, down)
      await groups.close()
    }))
}

test('a classic member that joins while assigning rests has what it had, and is told to come again', () =>
  simulate(32, async (world) => {
    const group = new Asking(world)
    group.topics.add('U', 2000)
    await group.start()
    await group.join('new', { topics: ['T', 'U'] })
    const joined = await group.groups.join(groupId, classicOf())
    assert.deepEqual([joined.error, joined.generation], ['none', 1])
    assert.equal(await synced(group, joined.memberId, 1), '')
    const name = { memberId: joined.memberId, instanceId: null }
    assert.equal(group.groups.heartbeat(groupId, name, 1), 'rebalance-in-progress')
    await world.sleep(100)
    assert.equal((await group.groups.join(groupId, classicOf({ memberId: joined.memberId }))).generation, 2)
    await group.groups.close()
  }))

test('a commit of a classic member is a sign of life', () =>
  simulate(33, async (world) => {
    const group = new Asking(world, { groupConsumerSessionTimeoutMs: 1_000_000 })
    await group.start()
    await group.join('new')
    const { memberId, generation } = await group.groups.join(groupId, classicOf({ sessionTimeoutMs: 10_000 }))
    await synced(group, memberId, generation)
    const member = { memberId, instanceId: null }
    for (let commits = 0; commits < 3; commits++) {
      await world.sleep(8000)
      const commit = { ...commitOf(groupId, 'T', { 0: 7 }), member, generation, isEpochTold: false }
      const [topic] = await group.groups.offsets.commit(commit)
      assert.equal(topic!.partitions[0]!.error, 'none')
    }
    await world.sleep(10_001)
    assert.equal(group.groups.heartbeat(groupId, member, generation), 'unknown-member-id')
    await group.groups.close()
  }))

test('an empty group is of the protocol of who comes next, and its epochs rise', () =>
  simulate(30, async (world) => {
    const group = new Asking(world, { groupMigration: 'disabled' })
    await group.start()
    const { memberId, generation } = await loneClassic(group)
    group.groups.leave(groupId, [{ memberId, instanceId: null }])
    const joined = await group.join('a')
    assert.deepEqual([joined.error, group.kind(), joined.epoch > generation], ['none', 'consumer', true])
    await group.beat('a', leavingEpoch)
    await group.restart()
    const again = await group.groups.join(groupId, classicOf())
    assert.deepEqual([again.error, group.kind(), again.generation > joined.epoch], ['none', 'classic', true])
    await group.groups.close()
  }))

test('members that are no consumers are not upgraded, nor let in', () =>
  simulate(26, async (world) => {
    const group = new Asking(world)
    await group.start()
    await group.groups.join(groupId, classicOf({ protocolType: 'connect' }))
    assert.equal((await group.join('new')).error, 'group-id-not-found')
    await group.groups.join('h', classicOf({ protocols: [{ name: 'range', metadata: Uint8Array.of(1) }] }))
    const asked = await group.groups.consumerHeartbeat('h', joiningOf({ memberId: 'a' }))
    assert.equal(asked.error, 'group-id-not-found')
    await group.groups.consumerHeartbeat('i', joiningOf({ memberId: 'a' }))
    const refused = await group.groups.join('i', classicOf({ protocolType: 'connect' }))
    assert.equal(refused.error, 'inconsistent-group-protocol')
    await group.groups.close()
  }))

test('an upgrade that its member may not begin leaves the group as it is', () =>
  simulate(27, async (world) => {
    const group = new Asking(world)
    await group.start()
    const { memberId, generation } = await loneClassic(group)
    assert.equal((await group.join('new', { pattern: '(' })).error, 'invalid-regular-expression')
    assert.equal(group.kind(), 'classic')
    assert.equal(group.groups.heartbeat(groupId, { memberId, instanceId: null }, generation), 'none')
    await group.groups.close()
  }))

test('offsets are committed and told in the epoch of the member, and in no other', () =>
  simulate(28, async (world) => {
    const group = new Asking(world)
    await group.start()
    const { offsets } = group.groups
    await group.join('a')
    const commit = async (memberId: string, generation: number, isEpochTold = true): Promise<string> => {
      const member = { memberId, instanceId: null }
      const asked = { ...commitOf(groupId, 'T', { 0: 3 }), member, generation, isEpochTold }
      return (await offsets.commit(asked))[0]!.partitions[0]!.error
    }
    assert.equal(await commit('a', 1), 'none')
    assert.equal(await commit('a', 0), 'stale-member-epoch')
    assert.equal(await commit('b', 1), 'unknown-member-id')
    assert.equal(await commit('', -1), 'unknown-member-id')
    assert.equal(await commit('a', 1, false), 'unsupported-version')
    const fetched = async (memberId: string, epoch: number): Promise<string> =>
      (await offsets.fetch(groupId, null, { memberId, epoch })).error
    assert.equal(await fetched('a', 1), 'none')
    assert.equal(await fetched('a', 2), 'stale-member-epoch')
    assert.equal(await fetched('b', 1), 'unknown-member-id')
    assert.equal((await offsets.fetch(groupId, null)).error, 'none')
    assert.equal(
      (await offsets.remove(groupId, [{ topic: 'T', partitions: [0] }])).topics[0]!.partitions[0]!.error,
      'group-subscribed-to-topic',
    )
    assert.equal(await group.groups.admin.delete(groupId), 'non-empty-group')
    await group.beat('a', leavingEpoch)
    assert.equal(await commit('', -1), 'none')
    assert.equal(await group.groups.admin.delete(groupId), 'none')
    await group.restart()
    assert.deepEqual(group.groups.admin.list(), [])
    await group.groups.close()
  }))

test('a static member keeps its place over a power loss', () =>
  simulate(29, async (world) => {
    const group = new Asking(world)
    await group.start()
    const one = { instanceId: 'one' }
    await group.join('a', one)
    await group.beat('a', pausingEpoch, one)
    await group.restart()
    const back = await group.join('b', one)
    assert.deepEqual([back.error, back.epoch, textOf(back.assigned)], ['none', 1, '1: 0 1 2 3'])
    await world.sleep(20_000)
    assert.equal(group.phase(), 'Empty')
    await group.groups.close()
  }))

test('what a full disk did not take is told to nobody, and is told when there is room', () =>
  simulate(31, async (world) => {
    const group = new Asking(world)
    await group.start()
    await group.join('a')
    const disk = world.disk('n')
    disk.capacityBytes = disk.usedBytes
    assert.equal((await group.join('b')).error, 'coordinator-not-available')
    const again = await group.join('b')
    assert.equal(again.error, 'coordinator-not-available', 'also where it changes nothing any more')
    assert.equal((await group.beat('a', 1)).error, 'coordinator-not-available')
    disk.capacityBytes = Infinity
    const joined = await group.join('b')
    assert.deepEqual([joined.error, joined.epoch], ['none', 2])
    await group.restart()
    assert.equal((await group.beat('b', 2)).error, 'none')
    await group.groups.close()
  }))
