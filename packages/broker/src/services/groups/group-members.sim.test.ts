// Members of both protocols in one group, on a simulated disk and clock: they come, leave, die and are
// started again, the group changes its protocol under them, topics grow and the broker is killed. No two of
// them read one partition at any time, and when they are left alone they read all.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteWriter } from '@sluice/protocol/bytes/byte-writer'
import { simulate } from '../../testing/sim-io.ts'
import type { SimWorld } from '../../testing/sim-io.ts'
import { joiningEpoch, leavingEpoch, pausingEpoch } from './consumer-messages.ts'
import { groupLimits, openGroups, Topics } from './groups.fixture.ts'
import type { JoinAnswer } from './group-messages.ts'
import type { Groups } from './groups.ts'
import { assignedPartitions, readSubscription, writeAssignment } from './subscription-reader.ts'

const seedCount = 20
const placeCount = 5
const groupId = 'g'
const topic = 'T'
const streamId = 1
const beatMs = 200
/** Beyond it nobody waits for an answer. */
const askMs = 2000
const sessionTimeoutMs = 10_000
const rebalanceTimeoutMs = 20_000
const chaosMs = 60_000
const quietMs = 60_000
const limits = { ...groupLimits, groupConsumerSessionTimeoutMs: sessionTimeoutMs }

type Partitions = readonly number[]
type Phase = 'chaos' | 'quiet' | 'over'

/** What all see: the broker while it is up, and who reads what. */
class Ground {
  readonly world: SimWorld
  readonly topics = new Topics()
  readonly readers = new Map<number, string>()
  groups: Groups | undefined
  partitionCount = 3
  phase: Phase = 'chaos'
  /** Who is there at the end. */
  readonly last: Reader[] = []
  movedCount = 0
  readonly kinds = new Set<string>()

  constructor(world: SimWorld) {
    this.world = world
    this.topics.add(topic, this.partitionCount)
  }

  get isUp(): boolean {
    return this.groups !== undefined
  }

  isIn(phase: Phase): boolean {
    return this.phase === phase
  }

  /** Undefined: no answer. The broker may have heard it all the same. */
  async ask<T>(question: (groups: Groups) => T | Promise<T>): Promise<T | undefined> {
    if (this.groups === undefined) return undefined
    for (const { kind } of this.groups.admin.list()) this.kinds.add(kind)
    const silence = this.world.sleep(askMs).then(() => undefined)
    return await Promise.race([question(this.groups), silence])
  }

  crash(): void {
    if (this.groups === undefined) return
    this.groups = undefined
    this.world.crash('n', this.world.scheduler.random.chance(0.5) ? 'kill' : 'power')
  }

  read(name: string, before: Partitions, after: Partitions): void {
    for (const partition of before) if (!after.includes(partition)) this.readers.delete(partition)
    for (const partition of after) {
      if (before.includes(partition)) continue
      const other = this.readers.get(partition)
      assert.equal(other, undefined, `${name} begins to read ${partition}, which ${other} reads`)
      this.readers.set(partition, name)
      this.movedCount++
      // Why here, too: what somebody has just been told must not be forgotten.
      if (this.isIn('chaos') && this.world.scheduler.random.chance(0.1)) this.crash()
    }
  }
}

/** What members of both protocols have in common: they read, and stop in their own time. */
class Reader {
  readonly ground: Ground
  readonly name: string
  readonly instanceId: string | null
  owned: Partitions = []

  constructor(ground: Ground, name: string, instanceId: string | null) {
    this.ground = ground
    this.name = name
    this.instanceId = instanceId
  }

  own(partitions: Partitions): void {
    this.ground.read(this.name, this.owned, partitions)
    this.owned = partitions
  }
}

class ConsumerReader extends Reader {
  readonly #memberId: string
  #epoch = joiningEpoch
  #told: Partitions = []
  #isWhole = true
  #isOwnedNew = false

  constructor(ground: Ground, name: string, instanceId: string | null) {
    super(ground, name, instanceId)
    this.#memberId = name
  }

  async beat(): Promise<void> {
    if (this.owned.some((partition) => !this.#told.includes(partition))) {
      if (this.ground.world.scheduler.random.chance(0.5)) {
        this.own(this.owned.filter((partition) => this.#told.includes(partition)))
        this.#isOwnedNew = true
      }
    }
    const answer = await this.#say(this.#epoch)
    if (answer === undefined || answer.error === 'coordinator-not-available') {
      this.#isWhole = true
      return
    }
    if (answer.error === 'unreleased-instance-id') return
    if (answer.error !== 'none') return this.#restart(answer.error)
    this.#epoch = answer.epoch
    if (answer.assigned === null) return
    this.#told = answer.assigned.get(streamId) ?? []
    const begun = this.#told.filter((partition) => !this.owned.includes(partition))
    if (begun.length === 0) return
    this.own([...this.owned, ...begun])
    this.#isOwnedNew = true
  }

  async leave(): Promise<void> {
    this.own([])
    const isForAWhile = this.instanceId !== null && this.ground.world.scheduler.random.chance(0.5)
    await this.#say(isForAWhile ? pausingEpoch : leavingEpoch)
  }

  #restart(error: string): void {
    assert.ok(['unknown-member-id', 'fenced-member-epoch', 'group-id-not-found'].includes(error), error)
    this.own([])
    this.#told = []
    this.#epoch = joiningEpoch
    this.#isWhole = true
  }

  #say(epoch: number): Promise<Awaited<ReturnType<Groups['consumerHeartbeat']>> | undefined> {
    const isWhole = this.#isWhole || epoch === joiningEpoch
    const owned = isWhole || this.#isOwnedNew ? new Map([[streamId, this.owned]]) : null
    if (this.owned.length === 0) owned?.clear()
    this.#isWhole = false
    this.#isOwnedNew = false
    return this.ground.ask((groups) =>
      groups.consumerHeartbeat(groupId, {
        memberId: this.#memberId,
        instanceId: this.instanceId,
        epoch,
        clientId: 'client',
        clientHost: 'host',
        rackId: null,
        rebalanceTimeoutMs: isWhole ? rebalanceTimeoutMs : -1,
        topics: isWhole ? [topic] : null,
        pattern: null,
        assignor: null,
        owned,
        isIdRequired: true,
      }),
    )
  }
}

/** Eager ones give up all before they join; cooperative ones what they are not to have, when they hear. */
class ClassicReader extends Reader {
  readonly #isEager: boolean
  #memberId = ''
  #generation = -1
  #phase: 'joining' | 'stable' = 'joining'
  /** Of those that it has assigned as the leader; undefined: it does not lead. */
  #assignedCount: number | undefined

  constructor(ground: Ground, name: string, instanceId: string | null) {
    super(ground, name, instanceId)
    this.#isEager = ground.world.scheduler.random.chance(0.5)
  }

  async beat(): Promise<void> {
    const { partitionCount } = this.ground
    const isToAssignAgain = this.#assignedCount !== undefined && this.#assignedCount !== partitionCount
    if (this.#phase === 'joining' || isToAssignAgain) return await this.#join()
    const error = await this.ground.ask((groups) => groups.heartbeat(groupId, this.#named, this.#generation))
    if (error !== undefined && error !== 'none') this.#refused(error)
  }

  async leave(): Promise<void> {
    this.own([])
    if (this.#memberId !== '') await this.ground.ask((groups) => groups.leave(groupId, [this.#named]))
  }

  get #named(): { memberId: string; instanceId: string | null } {
    return { memberId: this.#memberId, instanceId: this.instanceId }
  }

  async #join(): Promise<void> {
    this.#phase = 'joining'
    this.#assignedCount = undefined
    if (this.#isEager) this.own([])
    const metadata = subscriptionBytes(this.owned)
    const joined = await this.#askLong((groups) =>
      groups.join(groupId, {
        ...this.#named,
        clientId: 'client',
        clientHost: 'host',
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        protocolType: 'consumer',
        protocols: [{ name: 'any', metadata }],
        isIdRequired: false,
        canSkipAssignment: false,
      }),
    )
    if (joined === undefined) return
    if (joined.error !== 'none') return this.#refused(joined.error)
    this.#memberId = joined.memberId
    this.#generation = joined.generation
    await this.#sync(joined)
  }

  async #sync(joined: JoinAnswer): Promise<void> {
    const { partitionCount } = this.ground
    const isLeader = joined.leaderId === this.#memberId
    const usual = { ...this.#named, generation: this.#generation, protocolType: null, protocolName: null }
    const assignments = isLeader ? assign(joined.members, partitionCount) : []
    const synced = await this.#askLong((groups) => groups.sync(groupId, { ...usual, assignments }))
    if (synced === undefined) return
    if (synced.error !== 'none') return this.#refused(synced.error)
    if (isLeader) this.#assignedCount = partitionCount
    const told = assignedPartitions(synced.assignment)!.map(({ partition }) => partition)
    const isGivingUp = this.owned.some((partition) => !told.includes(partition))
    this.own(told)
    this.#phase = isGivingUp ? 'joining' : 'stable'
  }

  /** Who waits for the others waits for as long as they may take. */
  async #askLong<T>(question: (groups: Groups) => Promise<T>): Promise<T | undefined> {
    const { groups, world } = this.ground
    if (groups === undefined) return undefined
    const answer = question(groups)
    let heard: { readonly answer: T } | undefined
    void answer.then((told) => (heard = { answer: told }))
    const waits = Math.ceil(rebalanceTimeoutMs / beatMs) + 10
    for (let wait = 0; wait < waits && heard === undefined; wait++) {
      if (this.ground.groups !== groups) return undefined
      await Promise.race([answer, world.sleep(beatMs)])
    }
    return heard?.answer
  }

  #refused(error: string): void {
    this.#phase = 'joining'
    if (error === 'rebalance-in-progress' || error === 'coordinator-not-available') return
    const expected = ['unknown-member-id', 'illegal-generation', 'fenced-instance-id', 'member-id-required']
    assert.ok(expected.includes(error), error)
    this.own([])
    if (error !== 'illegal-generation') this.#memberId = ''
  }
}

function subscriptionBytes(owned: Partitions): Uint8Array {
  const writer = new ByteWriter(64)
  writer.u16(1)
  writer.u32(1)
  writer.string16(topic)
  writer.u32(0xffff_ffff)
  // Why from there: what is owned has the same rows as an assignment, behind its version.
  writer.raw(assignmentBytes(owned).subarray(2, -4))
  return writer.take()
}

function assignmentBytes(partitions: Partitions): Uint8Array {
  return writeAssignment(0, partitions.length === 0 ? [] : [{ topic: { name: topic }, partitions }])
}

/** In turn; what another has has to be given up first. */
function assign(
  members: JoinAnswer['members'],
  partitionCount: number,
): readonly { readonly memberId: string; readonly assignment: Uint8Array }[] {
  const ownerOf = new Map<number, string>()
  for (const { memberId, metadata } of members) {
    for (const { partition } of readSubscription(metadata)!.owned) ownerOf.set(partition, memberId)
  }
  return members.map(({ memberId }, index) => {
    const all = Array.from({ length: partitionCount }, (_, partition) => partition)
    const own = all.filter((partition) => partition % members.length === index)
    const free = own.filter((partition) => (ownerOf.get(partition) ?? memberId) === memberId)
    return { memberId, assignment: assignmentBytes(free) }
  })
}

/** One place that is filled with one member after the other; the one that is there at the end stays. */
async function live(ground: Ground, place: number): Promise<void> {
  const { world } = ground
  const { random } = world.scheduler
  const instanceId = place < 2 ? `i${place}` : null
  for (let life = 0; ground.isIn('chaos'); life++) {
    const isClassic = random.chance(0.5)
    const name = `${isClassic ? 'classic' : 'consumer'}-${place}-${life}`
    const reader = new (isClassic ? ClassicReader : ConsumerReader)(ground, name, instanceId)
    const endMs = world.scheduler.nowMs + random.between(1000, 15_000)
    while (ground.isIn('quiet') || (ground.isIn('chaos') && world.scheduler.nowMs < endMs)) {
      await reader.beat()
      await world.sleep(random.between(beatMs / 2, beatMs * 2))
    }
    if (ground.isIn('over')) return void ground.last.push(reader)
    if (random.chance(0.5)) await reader.leave()
    else reader.own([])
    await world.sleep(random.between(0, 2000))
  }
}

async function rule(ground: Ground): Promise<void> {
  const { world, topics } = ground
  const { random, nowMs } = world.scheduler
  ground.groups = await openGroups(world.startNode('n'), topics, { limits })
  while (world.scheduler.nowMs < nowMs + chaosMs) {
    await world.sleep(random.between(50, 5000))
    if (random.chance(0.3)) topics.grow(topic, ++ground.partitionCount)
    if (random.chance(0.3)) ground.crash()
    if (ground.isUp) continue
    await world.sleep(random.between(0, 1000))
    ground.groups = await openGroups(world.startNode('n'), topics, { limits })
  }
  ground.phase = 'quiet'
  ground.groups ??= await openGroups(world.startNode('n'), topics, { limits })
  await world.sleep(quietMs)
  ground.phase = 'over'
}

test(`both protocols share partitions, over kills and migrations (${seedCount} seeds)`, async () => {
  let moved = 0
  let migrated = 0
  for (let seed = 0; seed < seedCount; seed++) {
    await simulate(seed, async (world) => {
      const ground = new Ground(world)
      const places = Array.from({ length: placeCount }, (_, place) => live(ground, place))
      await Promise.all([rule(ground), ...places])
      const { admin } = ground.groups!
      const members = admin.list().find((each) => each.groupId === groupId)?.memberCount
      assert.equal(members ?? 0, ground.last.length)
      assert.equal(ground.readers.size, ground.last.length > 0 ? ground.partitionCount : 0, 'all are read')
      moved += ground.movedCount
      if (ground.kinds.size > 1) migrated++
      await ground.groups!.close()
    })
  }
  assert.ok(moved > seedCount * 30, `${moved} partitions have moved`)
  assert.ok(migrated > seedCount / 4, `${migrated} groups have changed their protocol`)
})
