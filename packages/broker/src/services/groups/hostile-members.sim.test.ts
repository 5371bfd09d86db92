// Members of both protocols that say what they like, under ids, instances and epochs that they may not have:
// whatever they ask is answered, nothing breaks, and what is known of their groups stays consistent.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '../../testing/sim-io.ts'
import type { SimWorld } from '../../testing/sim-io.ts'
import { joinOf } from './classic/group-script.fixture.ts'
import { beatOf, sets } from './consumer/consumer-script.fixture.ts'
import type { ConsumerHeartbeat } from './consumer-messages.ts'
import { commitOf, groupLimits, openGroups, Topics } from './groups.fixture.ts'
import type { Groups } from './groups.ts'
import { overlap } from './partition-sets.ts'
import { writeAssignment } from './subscription-reader.ts'

const seeds = 15
const membersMax = 6
const policies = ['bidirectional', 'upgrade', 'downgrade', 'disabled'] as const
const groupIds = ['g', 'g', 'g', 'g', 'h']
const ids = ['', 'a', 'b', 'c', 'd', 'e', 'f']
const instances = [null, null, 'x', 'x', 'y']
const epochs = [-3, -2, -1, 0, 0, 0, 1, 2, 3, 5, 8]
const topicLists = [['T'], ['U'], ['T', 'U'], ['nowhere'], []]
const claims = [sets({}), sets({ 1: [0, 1] }), sets({ 1: [0, 1, 2, 3], 2: [0] }), sets({ 9: [77] })]

/** Version 0, without anything that it has. */
function subscription(topics: readonly string[]): Uint8Array {
  const names = topics.flatMap((name) => [0, name.length, ...Buffer.from(name)])
  return Uint8Array.from([0, 0, 0, 0, 0, topics.length, ...names, 255, 255, 255, 255])
}

type Name = Pick<ConsumerHeartbeat, 'memberId' | 'instanceId'>

/** Anybody: asks anything of any group. */
class Crowd {
  readonly #world: SimWorld
  readonly #topics: Topics
  readonly #given: string[] = []
  readonly answers = new Map<string, number>()
  #topicCount = 0

  constructor(world: SimWorld, topics: Topics) {
    this.#world = world
    this.#topics = topics
  }

  async ask(groups: Groups): Promise<void> {
    const { random } = this.#world.scheduler
    const groupId = random.pick(groupIds)
    const { epoch, ...name } = this.#somebody(groups, groupId)
    const asked = random.int(0, 12)
    if (asked <= 5)
      return this.#heard('beat', await groups.consumerHeartbeat(groupId, this.#beat(name, epoch)))
    if (asked <= 7) return this.#heard('join', await groups.join(groupId, this.#join(name)))
    if (asked === 8) return this.#heard('sync', await groups.sync(groupId, this.#sync(name, epoch)))
    if (asked === 9) return this.#heard('heartbeat', { error: groups.heartbeat(groupId, name, epoch) })
    if (asked === 10)
      return this.#heard('leave', groups.leave(groupId, [name]).members[0] ?? { error: 'none' })
    if (asked === 11) return this.#commit(groups, groupId, name, epoch)
    return this.#operate(groups, groupId)
  }

  #beat(name: Name, epoch: number): ConsumerHeartbeat {
    const { random } = this.#world.scheduler
    const request = beatOf({ ...name, epoch, isIdRequired: random.chance(0.5), owned: random.pick(claims) })
    if (random.chance(0.3)) return request
    return {
      ...request,
      owned: random.chance(0.8) ? claims[0]! : random.pick([null, ...claims]),
      rebalanceTimeoutMs: random.pick([0, 100, 5000, 5000]),
      topics: random.chance(0.9) ? random.pick(topicLists) : null,
      pattern: random.pick([null, null, 'T.*', '(', '.*', '']),
      assignor: random.pick([null, null, 'range', 'uniform']),
    }
  }

  #join(name: Name): Parameters<Groups['join']>[1] {
    const { random } = this.#world.scheduler
    const metadata = random.chance(0.9) ? subscription(random.pick(topicLists)) : Uint8Array.of(1, 2, 3)
    return joinOf({
      ...name,
      isIdRequired: random.chance(0.3),
      sessionTimeoutMs: random.pick([100, 1000]),
      rebalanceTimeoutMs: random.pick([50, 500]),
      protocolType: random.chance(0.9) ? 'consumer' : 'connect',
      protocols: [
        { name: random.pick(['range', 'sticky']), metadata },
        { name: 'common', metadata },
      ],
    })
  }

  #sync(name: Name, generation: number): Parameters<Groups['sync']>[1] {
    const { random } = this.#world.scheduler
    const assignments = this.#given.map((memberId) => {
      const partitions = [random.int(0, 9)]
      return { memberId, assignment: writeAssignment(0, [{ topic: { name: 'T' }, partitions }]) }
    })
    return { ...name, generation, protocolType: null, protocolName: null, assignments }
  }

  async #commit(groups: Groups, groupId: string, member: Name, generation: number): Promise<void> {
    const isEpochTold = this.#world.scheduler.random.chance(0.7)
    const commit = { ...commitOf(groupId, 'T', { 0: 1 }), member, generation, isEpochTold }
    const [topic] = await groups.offsets.commit(commit)
    this.#heard('commit', topic!.partitions[0]!)
  }

  async #operate(groups: Groups, groupId: string): Promise<void> {
    const { random } = this.#world.scheduler
    if (random.chance(0.5)) this.#topics.add(`T${++this.#topicCount}`, random.int(1, 3))
    else this.#heard('delete', { error: await groups.admin.delete(groupId) })
  }

  /** Mostly a member, by what it is called and the epoch that it has, or one by which it joins or leaves. */
  #somebody(groups: Groups, groupId: string): Name & { readonly epoch: number } {
    const { random } = this.#world.scheduler
    const classic = groups.admin.describe(groupId)
    const generation = classic?.generation ?? 1
    const members: (Name & { readonly epoch: number })[] = [
      ...(groups.admin.describeConsumers(groupId)?.members ?? []),
      ...(classic?.members ?? []).map((member) => ({ ...member, epoch: generation })),
    ]
    if (members.length === 0 || random.chance(0.3)) {
      const memberId = random.pick(random.chance(0.5) ? ids : [...ids, ...this.#given])
      return { memberId, instanceId: random.pick(instances), epoch: random.pick(epochs) }
    }
    const { memberId, instanceId, epoch } = random.pick(members)
    return {
      memberId,
      instanceId: random.chance(0.7) ? instanceId : random.pick(instances),
      epoch: random.chance(0.6) ? epoch : random.pick([0, 0, 0, -1, -2, -2, -2]),
    }
  }

  #heard(
    what: string,
    { error, memberId = '' }: { readonly error: string; readonly memberId?: string },
  ): void {
    if (memberId !== '' && !this.#given.includes(memberId)) this.#given.push(memberId)
    const key = `${what} ${error}`
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1)
  }
}

function check(groups: Groups, place: string): void {
  for (const { groupId, memberCount } of groups.admin.list()) {
    assert.ok(memberCount <= membersMax, place)
    const described = groups.admin.describeConsumers(groupId)
    if (described === undefined) continue
    const { epoch, assignmentEpoch, members } = described
    assert.ok(assignmentEpoch <= epoch, place)
    for (const member of members) {
      assert.ok(member.epoch <= assignmentEpoch, place)
      assert.ok(!overlap(member.assigned, member.revoking), place)
    }
    const taken = members.map(({ instanceId }) => instanceId).filter((instanceId) => instanceId !== null)
    assert.equal(new Set(taken).size, taken.length, place)
  }
}

test(`whatever members say, they are answered and nothing breaks (${seeds} seeds)`, async () => {
  const heard = new Set<string>()
  for (let seed = 0; seed < seeds; seed++) {
    await simulate(seed, async (world) => {
      const { random } = world.scheduler
      const topics = new Topics()
      topics.add('T', 5)
      topics.add('U', 3)
      const own = { groupMembersMax: membersMax, groupMigration: random.pick(policies) }
      const limits = { ...groupLimits, ...own, groupConsumerSessionTimeoutMs: 5000 }
      const crowd = new Crowd(world, topics)
      for (let life = 0; life < 3; life++) {
        const groups = await openGroups(world.startNode('n'), topics, { limits })
        const asked: Promise<void>[] = []
        for (let step = 0; step < 150; step++) {
          asked.push(crowd.ask(groups))
          check(groups, `seed ${seed}`)
          if (random.chance(0.3)) await world.sleep(random.pick([1, 5, 50, 400]))
        }
        await groups.close()
        await Promise.all(asked)
        world.crash('n', 'power')
      }
      for (const answer of crowd.answers.keys()) heard.add(answer)
    })
  }
  for (const answer of ['beat none', 'join none', 'sync none', 'leave none', 'commit none', 'heartbeat none'])
    assert.ok(heard.has(answer), `nobody heard: ${answer}`)
})
