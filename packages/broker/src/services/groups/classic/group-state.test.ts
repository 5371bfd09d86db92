import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bytesOf, GroupScript, rebalanceMs, sessionMs } from './group-script.fixture.ts'
import type { joinOf } from './group-script.fixture.ts'

function stable(count: number, bounds: ConstructorParameters<typeof GroupScript>[0] = {}): GroupScript {
  const group = new GroupScript(bounds)
  for (let at = 0; at < count; at++) group.join()
  group.pass(0)
  group.syncAll()
  assert.equal(group.state.phase, 'Stable')
  return group
}

function idsOf({ state }: GroupScript): string[] {
  return [...state.members.keys()]
}

function byName(one: string, other: string): number {
  return one < other ? -1 : 1
}

describe('joining', () => {
  test('the first member leads, and is told of all', () => {
    const group = new GroupScript()
    const tickets = [group.join(), group.join(), group.join()]
    assert.equal(group.joins.size, 0)
    group.pass(0)
    const answers = tickets.map((ticket) => group.joins.get(ticket)!)
    assert.deepEqual(
      answers.map(({ error, generation, leaderId, protocolName, memberId }) => [
        error,
        generation,
        leaderId,
        protocolName,
        memberId,
      ]),
      ['m1', 'm2', 'm3'].map((id) => ['none', 1, 'm1', 'range', id]),
    )
    assert.deepEqual(
      answers.map(({ members }) => members.map(({ memberId }) => memberId)),
      [['m1', 'm2', 'm3'], [], []],
    )
  })

  test('an empty group waits for members, longer when some came, never longer than a rebalance', () => {
    const group = new GroupScript({ initialDelayMs: 3000 })
    const timeout = { rebalanceTimeoutMs: 7000 }
    const first = group.join(timeout)
    for (const waitMs of [2999, 2999]) {
      group.pass(waitMs)
      group.join(timeout)
    }
    group.pass(1001)
    assert.equal(group.joins.has(first), false, 'the wait is over at 7000')
    group.pass(1)
    assert.equal(group.joins.get(first)?.members.length, 3)
    const other = new GroupScript({ initialDelayMs: 3000 })
    const alone = other.join()
    other.pass(2000)
    other.join()
    other.pass(2999)
    assert.equal(other.joins.has(alone), false, 'somebody came')
    other.pass(1)
    assert.equal(other.joins.get(alone)?.members.length, 2, 'and nobody for 3000')
  })

  test('a member that needs an id joins with the one it is given, once', () => {
    const group = new GroupScript()
    const asked = group.joins.get(group.join({ isIdRequired: true }))!
    assert.deepEqual([asked.error, asked.memberId, asked.generation], ['member-id-required', 'm1', -1])
    const other = group.join()
    group.pass(0)
    assert.equal(group.joins.get(other)?.error, 'none')
    const joined = group.join({ isIdRequired: true, memberId: 'm1' })
    assert.equal(group.state.phase, 'PreparingRebalance')
    group.join({ memberId: 'm2' })
    assert.equal(group.joins.get(joined)?.generation, 2)
    assert.equal(group.state.pendingCount, 0)
  })

  test('an id that is not used is forgotten when its session ends', () => {
    const group = new GroupScript()
    group.join({ isIdRequired: true })
    group.pass(sessionMs)
    assert.equal(group.state.pendingCount, 0)
    assert.equal(group.joins.get(group.join({ memberId: 'm1' }))?.error, 'unknown-member-id')
  })

  test('a rebalance waits for one that was given an id, and not when it leaves', () => {
    const group = stable(1)
    group.join({ isIdRequired: true })
    const again = group.join({ memberId: 'm1' })
    assert.equal(group.joins.has(again), false)
    assert.deepEqual(group.leave('m2'), ['none'])
    group.pass(rebalanceMs)
    assert.equal(group.joins.get(again)?.generation, 2)
  })

  test('who cannot offer what all offer is refused', () => {
    const group = stable(1)
    const refusedWith = (changes: Parameters<typeof joinOf>[0]): string | undefined =>
      group.joins.get(group.join(changes))?.error
    const metadata = bytesOf('m')
    assert.equal(refusedWith({ protocols: [{ name: 'sticky', metadata }] }), 'inconsistent-group-protocol')
    assert.equal(refusedWith({ protocols: [] }), 'inconsistent-group-protocol')
    assert.equal(refusedWith({ protocolType: 'connect' }), 'inconsistent-group-protocol')
    assert.equal(refusedWith({ memberId: 'nobody' }), 'unknown-member-id')
    assert.equal(group.state.phase, 'Stable')
    const empty = new GroupScript()
    assert.equal(empty.joins.get(empty.join({ protocolType: '' }))?.error, 'inconsistent-group-protocol')
  })

  test('most members choose among what all offer', () => {
    const group = new GroupScript()
    const offer = (...names: string[]): number =>
      group.join({ protocols: names.map((name) => ({ name, metadata: bytesOf(`of ${name}`) })) })
    const first = offer('own', 'range', 'sticky')
    offer('sticky', 'range')
    offer('sticky', 'other', 'range')
    group.pass(0)
    const { protocolName, members } = group.joins.get(first)!
    assert.equal(protocolName, 'sticky')
    assert.deepEqual(members[0]!.metadata, bytesOf('of sticky'))
  })

  test('there is room for so many members, those without an id included', () => {
    const group = new GroupScript({ membersMax: 2 })
    group.join()
    group.join({ isIdRequired: true })
    assert.equal(group.joins.get(group.join())?.error, 'group-max-size-reached')
    assert.equal(group.joins.get(group.join({ isIdRequired: true }))?.error, 'group-max-size-reached')
    group.join({ isIdRequired: true, memberId: 'm2' })
    group.pass(0)
    assert.deepEqual(idsOf(group), ['m1', 'm2'])
  })

  test('there is room for so much, of members and of what their leader assigns', () => {
    const group = new GroupScript({ membersBytesMax: 10_000 })
    const large = { protocols: [{ name: 'range', metadata: new Uint8Array(4000) }] }
    const errorOf = (changes: Parameters<typeof joinOf>[0]): string | undefined =>
      group.joins.get(group.join(changes))?.error
    assert.equal(errorOf(large), undefined)
    assert.equal(errorOf(large), undefined)
    assert.equal(errorOf(large), 'group-max-size-reached')
    assert.equal(errorOf({ ...large, memberId: 'm2' }), undefined, 'it is there already')
    group.pass(0)
    const assignments = [{ memberId: 'm1', assignment: new Uint8Array(10_001) }]
    assert.equal(group.syncs.get(group.sync('m1', { assignments }))?.error, 'invalid-request')
    assert.ok(group.state.bytes > 8000)
    group.leave('m1', 'm2')
    assert.equal(group.state.bytes, 0)
  })

  test('a member that did not hear its answer gets it again; a leader that joins again rebalances', () => {
    const group = new GroupScript()
    group.join()
    group.join()
    group.pass(0)
    assert.equal(group.joins.get(group.join({ memberId: 'm1' }))?.members.length, 2)
    assert.equal(group.joins.get(group.join({ memberId: 'm2' }))?.members.length, 0)
    group.syncAll()
    assert.equal(group.joins.get(group.join({ memberId: 'm2' }))?.generation, 1)
    assert.equal(group.state.phase, 'Stable')
    group.join({ memberId: 'm1' })
    assert.equal(group.state.phase, 'PreparingRebalance')
  })

  test('a follower that wants something else rebalances', () => {
    const group = stable(2)
    group.join({ memberId: 'm2', protocols: [{ name: 'range', metadata: bytesOf('else') }] })
    assert.equal(group.state.phase, 'PreparingRebalance')
    const leader = group.join({ memberId: 'm1' })
    assert.deepEqual(
      group.joins.get(leader)?.members.map(({ metadata }) => metadata),
      [bytesOf('m'), bytesOf('else')],
    )
  })

  test('who does not come to a rebalance in time is out, and another leads', () => {
    const group = stable(3)
    const joins = [group.join({ memberId: 'm2', protocols: [{ name: 'range', metadata: bytesOf('x') }] })]
    joins.push(group.join({ memberId: 'm3' }))
    const keep = (): void => {
      for (let ms = 0; ms < rebalanceMs; ms += 5000) {
        group.pass(5000)
        group.heartbeat('m1')
      }
    }
    keep()
    assert.deepEqual(
      joins.map((ticket) => group.joins.get(ticket)?.leaderId),
      ['m2', 'm2'],
    )
    assert.equal(group.heartbeat('m1'), 'unknown-member-id')
  })
})

describe('assigning', () => {
  test('everybody hears what the leader says, once it is stored', () => {
    const group = new GroupScript()
    group.join()
    group.join()
    group.pass(0)
    const early = group.sync('m2')
    const leader = group.sync('m1', {
      assignments: [
        { memberId: 'm1', assignment: bytesOf('one') },
        { memberId: 'm2', assignment: bytesOf('two') },
        { memberId: 'stranger', assignment: bytesOf('x') },
      ],
    })
    assert.equal(group.syncs.size, 0)
    group.stored()
    assert.deepEqual(group.syncs.get(early)?.assignment, bytesOf('two'))
    assert.deepEqual(group.syncs.get(leader)?.assignment, bytesOf('one'))
    assert.deepEqual(group.syncs.get(group.sync('m2'))?.assignment, bytesOf('two'), 'asked again')
  })

  test('what cannot be stored is told to nobody, and everybody joins again', () => {
    const group = new GroupScript()
    group.join()
    group.pass(0)
    const leader = group.sync('m1', { assignments: [{ memberId: 'm1', assignment: bytesOf('one') }] })
    group.stored(false)
    assert.equal(group.syncs.get(leader)?.error, 'coordinator-not-available')
    assert.equal(group.state.phase, 'PreparingRebalance')
    assert.equal(group.joins.get(group.join({ memberId: 'm1' }))?.generation, 2)
  })

  test('a rebalance takes back what was said, also while it is stored', () => {
    const group = new GroupScript()
    group.join()
    group.pass(0)
    const leader = group.sync('m1', { assignments: [{ memberId: 'm1', assignment: bytesOf('one') }] })
    group.join()
    assert.equal(group.syncs.get(leader)?.error, 'rebalance-in-progress')
    group.stored()
    assert.equal(group.state.phase, 'PreparingRebalance')
    assert.equal(group.heartbeat('m1'), 'rebalance-in-progress')
    assert.equal(group.syncs.get(group.sync('m1'))?.error, 'rebalance-in-progress')
  })

  test('the exact error for each that may not sync', () => {
    const group = stable(1)
    const errorOf = (...args: Parameters<GroupScript['sync']>): string | undefined =>
      group.syncs.get(group.sync(...args))?.error
    assert.equal(errorOf('nobody'), 'unknown-member-id')
    assert.equal(errorOf('m1', { generation: 7 }), 'illegal-generation')
    assert.equal(errorOf('m1', { protocolName: 'sticky' }), 'inconsistent-group-protocol')
    assert.equal(errorOf('m1', { protocolType: 'connect' }), 'inconsistent-group-protocol')
    assert.equal(errorOf('m1', { instanceId: 'i' }), 'unknown-member-id')
    assert.equal(errorOf('m1', { protocolName: 'range', protocolType: 'consumer' }), 'none')
  })

  test('who joined and does not sync in time is out; the leader too', () => {
    const group = new GroupScript()
    group.join()
    group.join()
    group.pass(0)
    const waiting = group.sync('m2')
    for (let ms = 0; ms < rebalanceMs; ms += 5000) {
      group.heartbeat('m1')
      group.pass(5000)
    }
    assert.equal(group.syncs.get(waiting)?.error, 'rebalance-in-progress')
    assert.deepEqual(idsOf(group), ['m2'])
    assert.equal(group.joins.get(group.join({ memberId: 'm2' }))?.leaderId, 'm2')
  })
})

describe('leaving', () => {
  test('a silent member is out when its session ends, and no earlier', () => {
    const group = stable(2)
    group.pass(sessionMs - 1)
    assert.equal(group.heartbeat('m1'), 'none')
    group.pass(1)
    assert.deepEqual(idsOf(group), ['m1'])
    assert.equal(group.state.phase, 'PreparingRebalance')
  })

  test('one that waits for others is not silent', () => {
    const group = stable(2)
    const waiting = group.join({ memberId: 'm1' })
    for (let ms = 0; ms < rebalanceMs; ms += 5000) {
      assert.equal(group.joins.has(waiting), false)
      group.heartbeat('m2')
      group.pass(5000)
    }
    assert.deepEqual(idsOf(group), ['m1'])
    assert.equal(group.joins.get(waiting)?.generation, 2)
  })

  test('a new member that nobody answers is kept for five minutes', () => {
    const group = stable(1)
    group.join({ rebalanceTimeoutMs: 3_600_000 })
    for (let ms = 0; ms < 300_000; ms += 5000) {
      assert.equal(group.heartbeat('m1'), 'rebalance-in-progress')
      group.pass(5000)
    }
    assert.deepEqual(idsOf(group), ['m1'])
  })

  test('when all leave the group is empty, of the next generation', () => {
    const group = stable(2)
    const stores = group.storeCount
    assert.deepEqual(group.leave('m1', 'm2', 'm3'), ['none', 'none', 'unknown-member-id'])
    assert.equal(group.state.phase, 'Empty')
    assert.equal(group.state.generation, 2)
    assert.equal(group.storeCount, stores + 1)
    assert.equal(group.heartbeat('m1'), 'unknown-member-id')
    group.join({ protocolType: 'connect', protocols: [{ name: 'p', metadata: bytesOf('') }] })
    group.pass(0)
    assert.deepEqual([group.state.generation, group.state.protocolType], [3, 'connect'])
  })

  test('there is one rebalance for all that leave at once', () => {
    const group = stable(4)
    group.leave('m1', 'm3')
    group.join({ memberId: 'm2' })
    const last = group.join({ memberId: 'm4' })
    assert.deepEqual([group.joins.get(last)?.generation, group.joins.get(last)?.leaderId], [2, 'm2'])
  })
})

describe('static members', () => {
  function started(): GroupScript {
    const group = new GroupScript()
    group.join({ instanceId: 'a' })
    group.join({ instanceId: 'b' })
    group.pass(0)
    group.syncAll()
    return group
  }

  test('one that is started again takes its place without a rebalance; the old one is fenced', () => {
    const group = started()
    const answer = group.joins.get(group.join({ instanceId: 'b' }))!
    assert.deepEqual([answer.error, answer.memberId, answer.generation], ['none', 'b3', 1])
    assert.equal(group.state.phase, 'Stable')
    assert.deepEqual(group.syncs.get(group.sync('b3', { instanceId: 'b' }))?.assignment, bytesOf('b2'))
    const asOld = { memberId: 'b2', instanceId: 'b' }
    assert.equal(group.state.heartbeat(asOld, 1, 0), 'fenced-instance-id')
    assert.equal(group.state.commitErrorOf(asOld, 1, 0), 'fenced-instance-id')
    assert.equal(group.syncs.get(group.sync('b2', { instanceId: 'b' }))?.error, 'fenced-instance-id')
    assert.equal(group.joins.get(group.join(asOld))?.error, 'fenced-instance-id')
    assert.equal(group.state.leave([asOld], 0)[0]?.error, 'fenced-instance-id')
  })

  test('a leader that is started again does not assign; one that can is told to skip it', () => {
    const group = started()
    const old = group.joins.get(group.join({ instanceId: 'a' }))!
    assert.deepEqual([old.leaderId, old.members.length, old.isAssignmentSkipped], ['a1', 0, false])
    const skips = group.joins.get(group.join({ instanceId: 'a', canSkipAssignment: true }))!
    assert.deepEqual([skips.leaderId, skips.members.length, skips.isAssignmentSkipped], ['a4', 2, true])
    const follower = group.joins.get(group.join({ instanceId: 'b', canSkipAssignment: true }))!
    assert.deepEqual([follower.leaderId, follower.members.length], ['a4', 0])
    assert.equal(follower.isAssignmentSkipped, false)
  })

  test('one that waits is fenced when another takes its place', () => {
    const group = started()
    group.join({ instanceId: 'c' })
    const waiting = group.join({ instanceId: 'a', memberId: 'a1' })
    group.join({ instanceId: 'a' })
    assert.equal(group.joins.get(waiting)?.error, 'fenced-instance-id')
    assert.deepEqual(
      [...group.state.members.values()].map(({ instanceId }) => instanceId ?? '').toSorted(byName),
      ['a', 'b', 'c'],
    )
  })

  test('one that does not come to a rebalance stays until its session ends', () => {
    const group = started()
    const third = group.join({ instanceId: 'c', rebalanceTimeoutMs: 4000 })
    group.join({ instanceId: 'a', memberId: 'a1', rebalanceTimeoutMs: 4000 })
    group.state.members.get('b2')!.rebalanceTimeoutMs = 4000
    group.pass(4000)
    assert.equal(group.joins.has(third), false, 'the wait is as long as when it began')
    group.pass(sessionMs - 4000)
    assert.equal(group.joins.get(third)?.error, 'none')
    assert.deepEqual(idsOf(group).toSorted(byName), ['a1', 'c3'])
  })

  test('one that is taken out by its instance id alone is out', () => {
    const group = started()
    const [left] = group.state.leave([{ memberId: '', instanceId: 'b' }], 0)
    assert.equal(left?.error, 'none')
    assert.deepEqual(idsOf(group), ['a1'])
    const [gone] = group.state.leave([{ memberId: '', instanceId: 'b' }], 0)
    assert.equal(gone?.error, 'unknown-member-id')
  })
})

describe('committing', () => {
  const nobody = { memberId: '', instanceId: null }
  const first = { memberId: 'm1', instanceId: null }

  test('who is in no group commits while it has no members', () => {
    const group = new GroupScript()
    assert.equal(group.state.commitErrorOf(nobody, -1, 0), 'none')
    group.join()
    assert.equal(group.state.commitErrorOf(nobody, -1, 0), 'unknown-member-id')
  })

  test('members commit in their generation, and not while it has no assignment', () => {
    const group = new GroupScript()
    group.join()
    group.pass(0)
    assert.equal(group.state.commitErrorOf(first, 1, 0), 'rebalance-in-progress')
    group.syncAll()
    assert.equal(group.state.commitErrorOf(first, 1, 0), 'none')
    assert.equal(group.state.commitErrorOf(first, 0, 0), 'illegal-generation')
    assert.equal(group.state.commitErrorOf({ ...first, memberId: 'x' }, 1, 0), 'unknown-member-id')
    group.join()
    assert.equal(group.state.commitErrorOf(first, 1, 0), 'none', 'what it has done before it joins again')
  })

  test('committing is a sign of life', () => {
    const group = stable(1)
    group.pass(sessionMs - 1)
    group.state.commitErrorOf(first, 1, group.nowMs)
    group.pass(sessionMs - 1)
    assert.equal(group.state.phase, 'Stable')
  })
})

test('members of a group that was restored go on as they are', () => {
  const before = stable(2)
  const group = new GroupScript({}, structuredClone(before.state.known()))
  assert.equal(group.heartbeat('m1'), 'none')
  assert.deepEqual(group.syncs.get(group.sync('m2'))?.assignment, bytesOf('m2'))
  group.pass(sessionMs)
  assert.equal(group.state.phase, 'Empty')
})

test('a deleted group refuses everything', () => {
  const group = new GroupScript()
  group.state.end()
  assert.equal(group.joins.get(group.join())?.error, 'coordinator-not-available')
  assert.equal(group.syncs.get(group.sync('m1'))?.error, 'coordinator-not-available')
  assert.equal(group.heartbeat('m1'), 'coordinator-not-available')
})

test('a storm of 200 members settles in one generation', () => {
  const group = new GroupScript({ membersMax: 1000, initialDelayMs: 3000 })
  for (let at = 0; at < 200; at++) group.join()
  group.pass(3000)
  group.syncAll()
  assert.deepEqual([group.state.phase, group.state.generation], ['Stable', 1])
})
