// Groups on a simulated disk and clock: what was answered survives, and members go on as they were.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeProgress } from '../flow/progress-migration.ts'
import { openCatalog } from '../../cluster/open-catalog.ts'
import { silentLogger } from '../../base/logger.ts'
import { simulate } from '../../testing/sim-io.ts'
import type { SimWorld } from '../../testing/sim-io.ts'
import { joinOf } from './classic/group-script.fixture.ts'
import { coordinatorOf, spreadGroups } from './group-places.ts'
import { commitOf, dataDir, groupJournal, groupLimits, openGroups, Topics } from './groups.fixture.ts'
import type { Groups } from './groups.ts'

const groupCount = 6
const partitionCount = 4

/** Of one partition of a group: the last offset that was confirmed, and the last that was asked for. */
interface Known {
  confirmed: number
  asked: number
}

/** Commits rise, so that any answer between what was confirmed and what was asked for is right. */
class Client {
  readonly known = new Map<string, Known>()
  #next = 1

  async commit(groups: Groups, groupId: string, partition: number): Promise<void> {
    const offset = this.#next++
    const key = `${groupId}/${partition}`
    const known = this.known.get(key) ?? { confirmed: -1, asked: -1 }
    this.known.set(key, known)
    known.asked = offset
    const [topic] = await groups.offsets.commit(commitOf(groupId, 'T', { [partition]: offset }))
    if (topic!.partitions[0]!.error === 'none') known.confirmed = Math.max(known.confirmed, offset)
  }

  async check(groups: Groups, place: string): Promise<void> {
    for (const [key, { confirmed, asked }] of this.known) {
      const [groupId, partition] = key.split('/') as [string, string]
      if (groups.groupErrorOf(groupId) !== 'none') continue
      const partitions = [Number(partition)]
      const { topics } = await groups.offsets.fetch(groupId, [{ topic: 'T', partitions }])
      const found = topics[0]!.partitions[0]!.committed
      const offset = found?.offset ?? -1
      assert.ok(
        offset >= confirmed && offset <= asked,
        `${key} is ${offset}, confirmed ${confirmed}, ${place}`,
      )
      if (found !== undefined) assert.equal(found.metadata, `m${offset}`)
      // From now on a restart must not go behind what was told.
      this.known.set(key, { confirmed: offset, asked })
    }
  }
}

async function life(world: SimWorld, client: Client, topics: Topics): Promise<void> {
  const { random } = world.scheduler
  const groups = await openGroups(world.startNode('n'), topics)
  await client.check(groups, `seed ${world.seed}`)
  for (let step = 0; step < 120; step++) {
    const groupId = `g${random.int(0, groupCount - 1)}`
    const committing = client.commit(groups, groupId, random.int(0, partitionCount - 1))
    if (random.chance(0.3)) await committing
    if (random.chance(0.1)) await client.check(groups, `running, seed ${world.seed}`)
    if (random.chance(0.1)) await world.sleep(random.between(0, 20))
  }
  world.crash('n', random.chance(0.5) ? 'kill' : 'power')
}

test('a commit that was answered is never forgotten, also while compacting (15 seeds)', async () => {
  for (let seed = 0; seed < 15; seed++) {
    await simulate(seed, async (world) => {
      const client = new Client()
      const topics = new Topics()
      topics.add('T', partitionCount)
      for (let lives = 0; lives < 4; lives++) await life(world, client, topics)
      const groups = await openGroups(world.startNode('n'), topics)
      await client.check(groups, `at the end, seed ${seed}`)
      await groups.close()
    })
  }
})

test('the journal stays small, however often is committed', () =>
  simulate(3, async (world) => {
    const topics = new Topics()
    topics.add('T')
    const io = world.startNode('n')
    const groups = await openGroups(io, topics)
    for (let offset = 0; offset < 3000; offset++)
      await groups.offsets.commit(commitOf('g', 'T', { 0: offset }))
    await groups.close()
    const folder = `${dataDir}/groups/fsync`
    let sizeBytes = 0
    for (const { name } of await io.files.list(folder)) {
      const file = await io.files.open(`${folder}/${name}`, { create: false })
      if (name.endsWith('.log')) sizeBytes += await file.size()
      await file.close()
    }
    assert.ok(sizeBytes < 30_000, `${sizeBytes} bytes for one offset`)
  }))

test('members of a stable group go on after a power loss, as long as they are heard', () =>
  simulate(4, async (world) => {
    const topics = new Topics()
    let groups = await openGroups(world.startNode('n'), topics)
    const joined = await groups.join('g', joinOf({ instanceId: 'one' }))
    const { memberId, generation } = joined
    const name = { memberId, instanceId: 'one' }
    const usual = { ...name, generation, protocolType: null, protocolName: null }
    const assignments = [{ memberId, assignment: new Uint8Array([7]) }]
    assert.equal((await groups.sync('g', { ...usual, assignments })).error, 'none')
    world.crash('n', 'power')
    groups = await openGroups(world.startNode('n'), topics)
    assert.equal(groups.heartbeat('g', name, generation), 'none')
    const again = await groups.sync('g', { ...usual, assignments: [] })
    assert.deepEqual(again.assignment, new Uint8Array([7]))
    const restarted = await groups.join('g', joinOf({ instanceId: 'one' }))
    assert.deepEqual([restarted.error, restarted.generation], ['none', generation])
    world.crash('n', 'power')
    groups = await openGroups(world.startNode('n'), topics)
    assert.equal(groups.heartbeat('g', name, generation), 'fenced-instance-id')
    await world.sleep(11_000)
    assert.deepEqual(groups.admin.describe('g')?.phase, 'Empty')
    await groups.close()
  }))

test('a deleted group stays deleted, and a topic takes its offsets with it, over a power loss', () =>
  simulate(5, async (world) => {
    const topics = new Topics()
    topics.add('T')
    topics.add('U')
    let groups = await openGroups(world.startNode('n'), topics)
    await groups.offsets.commit(commitOf('gone', 'T', { 0: 1 }))
    await groups.offsets.commit(commitOf('kept', 'T', { 0: 1 }))
    await groups.offsets.commit(commitOf('kept', 'U', { 1: 2 }))
    assert.equal(await groups.admin.delete('gone'), 'none')
    world.crash('n', 'power')
    await topics.remove('U')
    topics.add('U')
    groups = await openGroups(world.startNode('n'), topics)
    assert.deepEqual(
      groups.admin.list().map(({ groupId }) => groupId),
      ['kept'],
    )
    const { topics: left } = await groups.offsets.fetch('kept', null)
    assert.deepEqual(
      left.map(({ topic }) => topic),
      ['T'],
    )
    await groups.close()
  }))

test('offsets expire that nobody has used so long, and groups with them', () =>
  simulate(
    6,
    async (world) => {
      const topics = new Topics()
      topics.add('T')
      const limits = { ...groupLimits, offsetsRetentionMs: 3_600_000, groupSessionTimeoutMsMax: 10 ** 9 }
      const groups = await openGroups(world.startNode('n'), topics, { limits })
      await groups.offsets.commit(commitOf('old', 'T', { 0: 1 }))
      await groups.join('left', joinOf({ sessionTimeoutMs: 1_000_000, rebalanceTimeoutMs: 1_000_000 }))
      await groups.offsets.commit({ ...commitOf('brief', 'T', { 0: 1 }), retentionMs: 1000 })
      const ids = (): string[] => groups.admin.list().map(({ groupId }) => groupId)
      await world.sleep(700_000)
      assert.deepEqual(ids(), ['old', 'left'])
      await world.sleep(3_000_000)
      await groups.offsets.commit(commitOf('young', 'T', { 0: 1 }))
      await world.sleep(600_000)
      assert.deepEqual(ids(), ['young'])
      await groups.close()
    },
    { maxVirtualMs: 10_000_000 },
  ))

test('groups move when the number of nodes changes, wherever it is interrupted', async () => {
  for (let seed = 0; seed < 8; seed++) {
    await simulate(seed, async (world) => {
      const client = new Client()
      const topics = new Topics()
      topics.add('T', partitionCount)
      for (const nodeCount of [1, 3, 2, 1]) {
        await placeThrough(world, nodeCount)
        const io = world.startNode('n')
        for (let node = 0; node < nodeCount; node++) {
          const groups = await openGroups(io, topics, { node, nodeCount })
          await client.check(groups, `at ${node} of ${nodeCount}, seed ${seed}`)
          for (let at = 0; at < groupCount; at++) {
            if (coordinatorOf(`g${at}`, nodeCount) === node) await client.commit(groups, `g${at}`, at % 3)
            else assert.equal(groups.heartbeat(`g${at}`, nobody, 1), 'not-coordinator')
          }
          assert.ok(groups.admin.list().every(({ groupId }) => groups.nodeOf(groupId) === node))
          await groups.close()
        }
        world.crash('n', 'power')
      }
    })
  }
})

const nobody = { memberId: '', instanceId: null }

/** Until a start is not interrupted. */
async function placeThrough(world: SimWorld, nodeCount: number): Promise<void> {
  const { random } = world.scheduler
  for (let attempt = 0; ; attempt++) {
    const io = world.startNode('n')
    const outcome = Promise.withResolvers<boolean>()
    const started = (async () => {
      const ground = { io, logger: silentLogger, path: dataDir, wasClosedCleanly: false, isInMemory: false }
      const { metadata } = await openCatalog(ground)
      const others = [spreadGroups(dataDir, nodeCount)]
      const usual = { io, dataDir, metadata, journal: groupJournal(), logger: silentLogger }
      await placeProgress({ ...usual, nodeCount, others })
      await metadata.close()
      outcome.resolve(true)
    })()
    started.catch(outcome.reject)
    if (attempt < 4) void world.sleep(random.between(0, 60)).then(() => outcome.resolve(false))
    const isDone = await outcome.promise
    world.crash('n', random.chance(0.5) ? 'kill' : 'power')
    if (isDone) return
  }
}

test('a storm of 200 members settles within 5 s, and they cost one timer while they are idle', () =>
  simulate(8, async (world) => {
    const limits = { ...groupLimits, groupInitialRebalanceDelayMs: 3000 }
    const io = world.startNode('n')
    let timers = 0
    const after: typeof io.timers.after = (ms, callback) => {
      timers++
      return io.timers.after(ms, callback)
    }
    const timing = { after, soon: (callback: () => void) => io.timers.soon(callback) }
    const { files, clock, random, network } = io
    const counted = { files, clock, random, network, timers: timing }
    const groups = await openGroups(counted, new Topics(), { limits })
    const startedMs = io.clock.monotonicMs()
    const joins = await Promise.all(
      Array.from({ length: 200 }, async (_, at) => {
        await world.sleep(at * 5)
        return groups.join('g', joinOf({ sessionTimeoutMs: 45_000 }))
      }),
    )
    const leader = joins.find(({ members }) => members.length > 0)!
    assert.equal(leader.members.length, 200)
    const syncs = joins.map(({ memberId, generation }) =>
      groups.sync('g', {
        memberId,
        generation,
        instanceId: null,
        protocolType: null,
        protocolName: null,
        assignments: leader.memberId === memberId ? joins.map(assigned) : [],
      }),
    )
    const answers = await Promise.all(syncs)
    assert.ok(answers.every(({ error, assignment }) => error === 'none' && assignment.length === 4))
    const settledMs = io.clock.monotonicMs() - startedMs
    assert.ok(settledMs < 5000, `${settledMs} ms`)
    timers = 0
    for (let round = 0; round < 20; round++) {
      await world.sleep(3000)
      for (const { memberId, generation } of joins)
        assert.equal(groups.heartbeat('g', { memberId, instanceId: null }, generation), 'none')
    }
    assert.ok(timers < 10, `${timers} timers for 4000 heartbeats`)
    await groups.close()
  }))

function assigned({ memberId }: { readonly memberId: string }): { memberId: string; assignment: Uint8Array } {
  return { memberId, assignment: new Uint8Array(4) }
}
