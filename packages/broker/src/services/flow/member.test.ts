import assert from 'node:assert/strict'
import test from 'node:test'
import { MemberTable } from './member.ts'
import type { Member, MemberPort } from './member.ts'

function port(): MemberPort & { isWritable: boolean; flushes: number } {
  const made = {
    name: 'worker',
    isWritable: true,
    flushes: 0,
    deliver() {},
    flush: () => void made.flushes++,
    ended() {},
  }
  return made
}

function oneMember(window: number): { members: MemberTable; member: Member } {
  const members = new MemberTable()
  return { members, member: members.add(port(), window) }
}

test('members with room take turns', () => {
  const members = new MemberTable()
  const [a, b] = [members.add(port(), 2), members.add(port(), 3)]
  const turns = Array.from({ length: 5 }, () => members.take())
  assert.deepEqual([a.held, b.held], [2, 3])
  assert.notEqual(turns[0], turns[1])
  assert.equal(members.take(), undefined)
  a.held--
  members.offer(a)
  assert.equal(members.take(), a)
})

test('a port that is not writable takes nothing until it is again', () => {
  const members = new MemberTable()
  const slow = port()
  const member = members.add(slow, 10)
  slow.isWritable = false
  assert.equal(members.hasRoom, false)
  slow.isWritable = true
  members.offer(member)
  assert.equal(members.take(), member)
})

test('a member that left is given nothing, and is not remembered', () => {
  const members = new MemberTable()
  const member = members.add(port(), 10)
  members.remove(member, 'closed')
  members.offer(member)
  assert.equal(members.take(), undefined)
  assert.equal(members.find(member.id), undefined)
  assert.equal(members.count, 0)
})

test('each member is flushed once a round, and only if it was given something', () => {
  const members = new MemberTable()
  const [busy, idle] = [port(), port()]
  const member = members.add(busy, 10)
  members.add(idle, 10)
  members.delivered(member)
  members.delivered(member)
  members.flush()
  members.flush()
  assert.deepEqual([busy.flushes, idle.flushes], [1, 0])
})

test('what a member asks for it gets whatever it holds, and each delivery counts once', () => {
  const { members, member } = oneMember(0)
  assert.equal(members.take(), undefined)
  member.credits = 2
  members.offer(member)
  assert.equal(members.take(), member)
  assert.equal(members.take(), member)
  assert.equal(members.take(), undefined)
  assert.deepEqual([member.held, member.credits], [2, 0])
})

test('credits go first, so that a window does not eat what was asked for', () => {
  const { members, member } = oneMember(3)
  member.credits = 2
  for (let count = 0; count < 3; count++) assert.equal(members.take(), member)
  assert.equal(members.take(), undefined)
  assert.deepEqual([member.held, member.credits], [3, 0])
  member.credits = 1
  members.offer(member)
  assert.equal(members.take(), member)
  assert.equal(members.take(), undefined)
})

test('a member that left has no credits any more', () => {
  const { members, member } = oneMember(0)
  member.credits = 5
  members.remove(member, 'closed')
  members.offer(member)
  assert.equal(members.hasRoom, false)
})
