// Assignments as one would write them down.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assignors } from './assignors.ts'
import type { AssignableMember, PartitionSets } from './assignors.ts'

const none: PartitionSets = new Map()

function member(memberId: string, streamIds: readonly number[], current = none): AssignableMember {
  return { memberId, instanceId: null, streamIds: new Set(streamIds), current }
}

/** As `member: stream/partitions stream/partitions`. */
function textOf(assigned: ReadonlyMap<string, PartitionSets>): string[] {
  const setsText = (sets: PartitionSets): string =>
    [...sets].map(([id, partitions]) => `${id}/${partitions.join()}`).join(' ')
  return [...assigned].map(([memberId, sets]) => `${memberId}: ${setsText(sets)}`.trim()).toSorted()
}

describe('range', () => {
  const counts = new Map([
    [1, 5],
    [2, 5],
    [3, 1],
  ])

  test('the first ones get one more, of each stream by itself', () => {
    const members = ['b', 'a'].map((id) => member(id, [1, 2, 3]))
    assert.deepEqual(textOf(assignors.range(members, counts)), ['a: 1/0,1,2 2/0,1,2 3/0', 'b: 1/3,4 2/3,4'])
  })

  test('static members come first, by their instance and not by the id that changes', () => {
    const members = [
      { ...member('a', [1]), instanceId: 'second' },
      { ...member('z', [1]), instanceId: 'first' },
      member('0', [1]),
    ]
    assert.deepEqual(textOf(assignors.range(members, counts)), ['0: 1/4', 'a: 1/2,3', 'z: 1/0,1'])
  })

  test('who does not subscribe is left out, and streams that are not there are', () => {
    const members = [member('a', [1, 9]), member('b', [2]), member('c', [1, 2]), member('d', [])]
    const expected = ['a: 1/0,1,2', 'b: 2/0,1,2', 'c: 1/3,4 2/3,4', 'd:']
    assert.deepEqual(textOf(assignors.range(members, counts)), expected)
  })
})

describe('uniform', () => {
  test('partitions are dealt out in turn', () => {
    const members = ['b', 'a', 'c'].map((id) => member(id, [1, 2]))
    const counts = new Map([
      [1, 4],
      [2, 3],
    ])
    assert.deepEqual(textOf(assignors.uniform(members, counts)), ['a: 1/0,3 2/2', 'b: 1/1 2/0', 'c: 1/2 2/1'])
  })

  test('members hand partitions on for others that cannot take them from whom they are', () => {
    const members = [
      member('a', [1], new Map([[1, [0, 1, 2, 3]]])),
      member('b', [1, 2], new Map([[2, [0, 1, 2, 3]]])),
      member('c', [2, 3]),
    ]
    const counts = new Map([
      [1, 4],
      [2, 4],
      [3, 1],
    ])
    assert.deepEqual(textOf(assignors.uniform(members, counts)), [
      'a: 1/0,1,2',
      'b: 1/3 2/0,1',
      'c: 2/2,3 3/0',
    ])
  })

  test('of two that claim a partition one keeps it; what does not exist or is not read is not kept', () => {
    const claimed: PartitionSets = new Map([
      [1, [0, 1, 7]],
      [2, [0]],
      [3, [0]],
    ])
    const members = ['a', 'b'].map((id) => member(id, [1, 3], claimed))
    const assigned = assignors.uniform(members, new Map([[1, 2]]))
    assert.deepEqual(textOf(assigned), ['a: 1/0', 'b: 1/1'])
  })

  test('a new member gets some of every stream', () => {
    const streamIds = Array.from({ length: 100 }, (_, id) => id)
    const counts = new Map(streamIds.map((id) => [id, 10]))
    const members = Array.from({ length: 10 }, (_, index) => member(`m${index}`, streamIds))
    const first = assignors.uniform(members, counts)
    const joined = members.map((each) => ({ ...each, current: first.get(each.memberId)! }))
    const sets = assignors.uniform([...joined, member('new', streamIds)], counts).get('new')!
    const most = Math.max(...[...sets.values()].map(({ length }) => length))
    assert.ok(most <= 4, `${most} of the 10 partitions of a stream, of ${sets.size} streams`)
  })
})
