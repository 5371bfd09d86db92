// Random members and streams; whatever they are, every partition has one reader, and who reads what changes
// no more than it must.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assignors } from './assignors.ts'
import type { AssignableMember, PartitionSets } from './assignors.ts'

const runs = 300
type Assigned = ReadonlyMap<string, PartitionSets>
type Counts = ReadonlyMap<number, number>

const none: PartitionSets = new Map()
const names = fc.uniqueArray(fc.nat(999), { minLength: 1, maxLength: 12 })
const counts = fc
  .uniqueArray(fc.tuple(fc.nat(30), fc.integer({ min: 0, max: 9 })), { maxLength: 7, selector: ([id]) => id })
  .map((entries): Counts => new Map(entries))
/** What a member subscribes to, and what it believes to have: both may be wrong. */
const claims = fc.record({
  ids: fc.array(fc.nat(30), { maxLength: 8 }),
  instance: fc.option(fc.constantFrom('a', 'b', 'c'), { freq: 1, nil: null }),
  current: fc.array(fc.tuple(fc.nat(30), fc.uniqueArray(fc.nat(9))), { maxLength: 5 }),
})
const anyGroup = fc.array(claims, { minLength: 1, maxLength: 9 }).map((all): AssignableMember[] =>
  all.map(({ ids, instance, current }, index) => ({
    memberId: `m${(index * 7) % 10}-${index}`,
    instanceId: all.findIndex((other) => other.instance === instance) === index ? instance : null,
    streamIds: new Set(ids),
    current: new Map(current.map(([id, partitions]) => [id, partitions.toSorted((a, b) => a - b)])),
  })),
)

function member(memberId: string, streamIds: Iterable<number>, current = none): AssignableMember {
  return { memberId, instanceId: null, streamIds: new Set(streamIds), current }
}

function loadOf(sets: PartitionSets): number {
  return [...sets.values()].reduce((sum, partitions) => sum + partitions.length, 0)
}

/** As `stream/partition → member`; fails where a partition has two. */
function ownersOf(assigned: Assigned): Map<string, string> {
  const owners = new Map<string, string>()
  for (const [memberId, sets] of assigned) {
    for (const [streamId, partitions] of sets) {
      assert.ok(partitions.length > 0, 'an empty set is no entry')
      assert.deepEqual(
        partitions,
        partitions.toSorted((a, b) => a - b),
      )
      for (const partition of partitions) {
        assert.equal(owners.has(`${streamId}/${partition}`), false, 'one owner each')
        owners.set(`${streamId}/${partition}`, memberId)
      }
    }
  }
  return owners
}

function checkWhole(members: readonly AssignableMember[], partitionCounts: Counts, assigned: Assigned): void {
  assert.deepEqual([...assigned.keys()].toSorted(), members.map(({ memberId }) => memberId).toSorted())
  const owners = ownersOf(assigned)
  for (const { memberId, streamIds } of members) {
    for (const id of assigned.get(memberId)!.keys()) assert.ok(streamIds.has(id), 'only to subscribers')
  }
  let expected = 0
  for (const [id, count] of partitionCounts) {
    if (!members.some(({ streamIds }) => streamIds.has(id))) continue
    expected += count
    for (let partition = 0; partition < count; partition++) assert.ok(owners.has(`${id}/${partition}`))
  }
  assert.equal(owners.size, expected)
}

/** No chain of hand-overs brings one from a member to another that has at least two less. */
function checkEven(members: readonly AssignableMember[], assigned: Assigned): void {
  const subscribers = (id: number): AssignableMember[] => members.filter(({ streamIds }) => streamIds.has(id))
  for (const { memberId } of members) {
    const reached = new Set([memberId])
    for (const from of reached) {
      for (const id of assigned.get(from)!.keys()) for (const to of subscribers(id)) reached.add(to.memberId)
    }
    const load = loadOf(assigned.get(memberId)!)
    for (const to of reached)
      assert.ok(loadOf(assigned.get(to)!) >= load - 1, `${memberId} could give to ${to}`)
  }
}

function movedCount(before: Assigned, after: Assigned): number {
  const owners = ownersOf(before)
  return [...ownersOf(after)].filter(([partition, owner]) => owners.get(partition) !== owner).length
}

function withCurrent(members: readonly AssignableMember[], assigned: Assigned): AssignableMember[] {
  return members.map((each) => ({ ...each, current: assigned.get(each.memberId) ?? none }))
}

for (const name of ['uniform', 'range'] as const) {
  test(`${name}: every partition goes to one subscriber, in whatever order things are told`, () => {
    fc.assert(
      fc.property(anyGroup, counts, (members, partitionCounts) => {
        const assigned = assignors[name](members, partitionCounts)
        checkWhole(members, partitionCounts, assigned)
        const turned = new Map([...partitionCounts].toReversed())
        const again = assignors[name](members.toReversed(), turned)
        assert.deepEqual(again, assigned)
        const settled = withCurrent(members, assigned)
        assert.equal(
          movedCount(assigned, assignors[name](settled, partitionCounts)),
          0,
          'nothing moves by itself',
        )
      }),
      { numRuns: runs },
    )
  })
}

test('uniform: no other assignment is more even', () => {
  fc.assert(
    fc.property(anyGroup, counts, (members, partitionCounts) => {
      checkEven(members, assignors.uniform(members, partitionCounts))
    }),
    { numRuns: runs },
  )
})

test('uniform: members of one subscription differ by one at most, and only what must move moves', () => {
  fc.assert(
    fc.property(names, counts, fc.nat(11), (ids, partitionCounts, who) => {
      const total = [...partitionCounts.values()].reduce((sum, count) => sum + count, 0)
      const all = ids.map((id) => member(`m${id}`, partitionCounts.keys()))
      const first = assignors.uniform(all, partitionCounts)
      const loads = [...first.values()].map(loadOf)
      assert.ok(Math.max(...loads) - Math.min(...loads) <= 1)

      const joined = [...withCurrent(all, first), member('new', partitionCounts.keys())]
      const second = assignors.uniform(joined, partitionCounts)
      checkEven(joined, second)
      assert.ok(movedCount(first, second) <= Math.ceil(total / joined.length))
      assert.equal(movedCount(first, second), loadOf(second.get('new')!), 'it all moves to the new one')

      const left = joined[who % joined.length]!.memberId
      const stayed = withCurrent(joined, second).filter(({ memberId }) => memberId !== left)
      const third = assignors.uniform(stayed, partitionCounts)
      checkEven(stayed, third)
      assert.equal(movedCount(second, third), loadOf(second.get(left)!), 'only what the leaver had moves')
    }),
    { numRuns: runs },
  )
})

test('uniform: whatever members had, no fewer moves would make it even', () => {
  const shares = fc.array(fc.nat(9), { minLength: 40, maxLength: 40 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(40), shares, (memberCount, partitionCount, share) => {
      const had = Array.from({ length: memberCount }, (): number[] => [])
      for (let partition = 0; partition < partitionCount; partition++) had[share[partition]!]?.push(partition)
      const members = had.map((partitions, index) => member(`m${index}`, [5], new Map([[5, partitions]])))
      const before = new Map(members.map(({ memberId, current }) => [memberId, current]))
      const after = assignors.uniform(members, new Map([[5, partitionCount]]))
      const orphanCount = share.slice(0, partitionCount).filter((of) => of >= memberCount).length
      const kept = ownersOfAll(before).filter(([partition, owner]) => ownerIn(after, owner, partition)).length
      assert.equal(partitionCount - orphanCount - kept, fewestMoves(had, partitionCount))
    }),
    { numRuns: runs },
  )
})

function ownersOfAll(sets: Assigned): [number, string][] {
  return [...sets].flatMap(([owner, of]) =>
    of.get(5)!.map((partition): [number, string] => [partition, owner]),
  )
}

function ownerIn(sets: Assigned, owner: string, partition: number): boolean {
  return sets.get(owner)!.get(5)?.includes(partition) ?? false
}

/** Those that have most may keep one more than the rest, as far as it does not come out even. */
function fewestMoves(had: readonly (readonly number[])[], partitionCount: number): number {
  const each = Math.floor(partitionCount / had.length)
  let longer = partitionCount % had.length
  let moves = 0
  for (const { length } of had.toSorted((one, other) => other.length - one.length)) {
    const isLonger = length > each && longer-- > 0
    moves += Math.max(0, length - each - Number(isLonger))
  }
  return moves
}

test('range: streams with as many partitions and the same readers are cut alike', () => {
  fc.assert(
    fc.property(names, fc.nat(20), fc.boolean(), (ids, partitionCount, hasStatic) => {
      const all = ids.map((id, index) => ({
        ...member(`m${id}`, [1, 2]),
        instanceId: hasStatic && index % 2 === 0 ? `i${999 - id}` : null,
      }))
      const assigned = assignors.range(all, new Map([1, 2].map((id) => [id, partitionCount])))
      for (const sets of assigned.values()) {
        const partitions = sets.get(1) ?? []
        assert.deepEqual(sets.get(2) ?? [], partitions)
        assert.equal((partitions.at(-1) ?? -1) - (partitions[0] ?? 0) + 1, partitions.length, 'without gaps')
      }
    }),
    { numRuns: runs },
  )
})
