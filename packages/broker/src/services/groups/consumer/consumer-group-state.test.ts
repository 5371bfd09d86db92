// A group of the consumer protocol, step by step: who is told what, and the exact error for each thing that
// can be wrong.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { leavingEpoch, pausingEpoch } from '../consumer-messages.ts'
import type { ConsumerHeartbeat } from '../consumer-messages.ts'
import { countOf } from '../partition-sets.ts'
import { heartbeatFaultOf } from './consumer-heartbeat.ts'
import {
  beatOf,
  ConsumerScript,
  joiningOf,
  rebalanceMs,
  sessionMs,
  sets,
  textOf,
} from './consumer-script.fixture.ts'

describe('joining', () => {
  test('the first member has everything at once', () => {
    const group = new ConsumerScript()
    const { error, memberId, epoch, assigned } = group.join('a')
    assert.deepEqual([error, memberId, epoch, textOf(assigned)], ['none', 'a', 1, '1: 0 1 2 3'])
    assert.equal(group.state.phase, 'Stable')
  })

  test('one that comes without an id is given one', () => {
    const group = new ConsumerScript()
    assert.equal(group.join('').memberId, 'made')
    assert.equal(group.beat('made').error, 'none')
  })

  test('a second one waits for what the first has to give up', () => {
    const group = new ConsumerScript()
    group.join('a')
    const second = group.join('b')
    assert.deepEqual([second.epoch, textOf(second.assigned)], [2, ''])
    assert.equal(group.state.phase, 'Reconciling')
    const told = group.beat('a')
    assert.deepEqual([told.epoch, textOf(told.assigned)], [1, '1: 0 1'])
    assert.equal(group.beat('b').assigned, null, 'it is not free yet')
    assert.equal(group.beat('a').assigned, null, 'nothing new, and not confirmed')
    assert.equal(group.beat('a', { owned: sets({ 1: [0, 1, 2] }) }).epoch, 1, 'it has one too many')
    assert.deepEqual(group.confirm('a').epoch, 2)
    assert.equal(textOf(group.beat('b').assigned), '1: 2 3')
    assert.equal(group.state.phase, 'Stable')
  })

  test('members come again soon while something changes, and seldom when nothing does', () => {
    const group = new ConsumerScript()
    assert.equal(group.join('a').heartbeatMs, 1000)
    assert.equal(group.beat('a').heartbeatMs, 5000)
    assert.equal(group.join('b').heartbeatMs, 1000)
    assert.equal(group.beat('a').heartbeatMs, 1000, 'it has to give up')
    assert.equal(group.beat('b').heartbeatMs, 1000, 'it waits')
    assert.equal(group.confirm('a').heartbeatMs, 1000, 'its epoch is another')
    assert.equal(group.beat('b').heartbeatMs, 1000)
    assert.deepEqual([group.beat('a').heartbeatMs, group.beat('b').heartbeatMs], [5000, 5000])
    assert.equal(group.beat('b', { epoch: leavingEpoch }).heartbeatMs, 0)
  })

  test('what is free of what it waits for it is given at once', () => {
    const group = new ConsumerScript()
    group.topics.put({ id: 2, name: 'U', partitionCount: 1 })
    group.join('a')
    const second = group.join('b', { topics: ['T', 'U'] })
    assert.equal(textOf(second.assigned), '2: 0')
  })

  test('in a large group that many join at once some wait for the next assignment', () => {
    const group = new ConsumerScript()
    group.topics.put({ id: 2, name: 'U', partitionCount: 1000 })
    group.join('a', { topics: ['U'] })
    const { epoch, assigned } = group.join('b', { topics: ['U'] })
    assert.deepEqual([epoch, textOf(assigned), group.state.phase], [1, '', 'Assigning'])
    group.nowMs += 100
    assert.equal(group.beat('b').epoch, 2)
    group.settle()
    assert.equal(group.state.phase, 'Stable')
    assert.equal(countOf(group.state.members.get('b')!.assigned), 500)
  })

  test('one that was fenced comes back under its id with nothing', () => {
    const group = new ConsumerScript()
    group.join('a')
    group.join('b')
    group.settle()
    const { epoch } = group.state
    const again = group.join('a')
    assert.deepEqual([again.error, again.epoch], ['none', epoch])
    assert.equal(textOf(again.assigned), group.has('a'))
    assert.equal(group.state.members.size, 2)
  })

  test('a group takes no more members than it may have, nor more than they may say', () => {
    const group = new ConsumerScript({ membersMax: 2, membersBytesMax: 5000 })
    group.join('a')
    assert.equal(group.join('b', { topics: ['x'.repeat(4000)] }).error, 'group-max-size-reached')
    assert.equal(group.join('b').error, 'none')
    assert.equal(group.join('c').error, 'group-max-size-reached')
    assert.equal(group.join('a').error, 'none')
    assert.equal(group.beat('a', { topics: ['x'.repeat(4000)] }).error, 'group-max-size-reached')
  })
})

describe('subscriptions', () => {
  test('by pattern, also for topics that come later; a topic that goes is taken away', () => {
    const group = new ConsumerScript()
    assert.equal(textOf(group.join('a', { topics: null, pattern: 'orders-.*' }).assigned), '')
    group.topics.put({ id: 2, name: 'orders-eu', partitionCount: 2 })
    assert.equal(textOf(group.beat('a').assigned), '2: 0 1')
    group.topics.put({ id: 3, name: 'my-orders-eu', partitionCount: 2 })
    assert.equal(group.beat('a').assigned, null, 'the whole name must match')
    group.topics.put({ id: 2, name: 'orders-eu', partitionCount: 3 })
    assert.equal(textOf(group.beat('a').assigned), '2: 0 1 2')
    group.topics.remove(2)
    assert.equal(textOf(group.beat('a').assigned), '')
  })

  test('a pattern that takes long looks at some topics with each heartbeat, in the end at all', () => {
    const group = new ConsumerScript()
    const first = 'a'.repeat(190)
    for (let id = 2; id < 202; id++) group.topics.put({ id, name: `${first}${id}`, partitionCount: 1 })
    const counts = [countOf(group.join('a', { topics: null, pattern: '(?:a{0,30}){0,30}\\d+' }).assigned!)]
    while (group.state.subscriptions.isBehind) {
      group.nowMs += 10
      group.beat('a')
      counts.push(countOf(group.state.members.get('a')!.assigned))
    }
    assert.ok(counts.length > 2 && counts[0]! > 0, counts.join())
    assert.equal(counts.at(-1), 200)
    assert.ok(counts.every((count, at) => at === 0 || count > counts[at - 1]!))
    const { epoch } = group.beat('a')
    assert.deepEqual([group.beat('a').epoch, group.state.epoch], [epoch, epoch])
  })

  test('a name of which there is no topic yet', () => {
    const group = new ConsumerScript()
    group.join('a', { topics: ['later'] })
    group.topics.put({ id: 9, name: 'later', partitionCount: 1 })
    assert.equal(textOf(group.beat('a').assigned), '9: 0')
  })

  test('other words are another epoch; the same ones in another order are not', () => {
    const group = new ConsumerScript()
    group.join('a', { topics: ['T', 'U'] })
    group.beat('a', { topics: ['U', 'T'] })
    assert.equal(group.state.epoch, 1)
    group.beat('a', { topics: ['U'] })
    assert.equal(group.state.epoch, 2)
    assert.equal(textOf(group.beat('a', { pattern: 'T' }).assigned), null, 'first it gives up what it had')
    group.settle()
    assert.equal(group.has('a'), '1: 0 1 2 3')
  })

  test('a pattern that is none is refused, and nothing has changed', () => {
    const group = new ConsumerScript()
    assert.equal(group.join('a', { pattern: '(' }).error, 'invalid-regular-expression')
    assert.equal(group.state.members.size, 0)
    group.join('a')
    assert.equal(group.beat('a', { pattern: '(' }).error, 'invalid-regular-expression')
    assert.equal(group.beat('a', { pattern: '' }).error, 'none')
  })

  test('the assignor that most members ask for', () => {
    const group = new ConsumerScript()
    group.join('a', { assignor: 'range' })
    assert.equal(group.state.assignor, 'range')
    group.join('b', { assignor: 'uniform' })
    group.join('c', { assignor: 'uniform' })
    assert.equal(group.state.assignor, 'uniform')
  })
})

describe('epochs', () => {
  test('another epoch than its own fences a member', () => {
    const group = new ConsumerScript()
    group.join('a')
    assert.equal(group.beat('a', { epoch: 2 }).error, 'fenced-member-epoch')
    assert.equal(group.beat('nobody', { epoch: 1 }).error, 'unknown-member-id')
    group.join('b')
    group.settle()
    assert.equal(group.beat('a', { epoch: 1 }).error, 'fenced-member-epoch', 'it does not say what it has')
    assert.equal(group.beat('a', { epoch: 1, owned: sets({ 1: [0, 1] }) }).error, 'none')
    assert.equal(group.beat('a', { epoch: 1, owned: sets({ 1: [0, 3] }) }).error, 'fenced-member-epoch')
    group.join('c')
    group.settle()
    assert.equal(group.beat('a', { epoch: 1, owned: sets({}) }).error, 'fenced-member-epoch', 'two before')
  })

  test('one that says all hears all', () => {
    const group = new ConsumerScript()
    group.join('a')
    const owned = sets({ 1: [0, 1, 2, 3] })
    const whole = group.beat('a', { topics: ['T'], rebalanceTimeoutMs: rebalanceMs, owned })
    assert.equal(textOf(whole.assigned), '1: 0 1 2 3')
    assert.equal(group.state.epoch, 1)
  })

  test('a heartbeat that says nothing new changes nothing', () => {
    const group = new ConsumerScript()
    group.join('a')
    assert.equal(group.state.takeChange(), true)
    assert.equal(group.beat('a').assigned, null)
    assert.equal(group.state.takeChange(), false)
  })
})

describe('leaving', () => {
  test('what one had the others are given', () => {
    const group = new ConsumerScript()
    group.join('a')
    group.join('b')
    group.settle()
    const { epoch, memberId } = group.beat('b', { epoch: leavingEpoch })
    assert.deepEqual([epoch, memberId], [leavingEpoch, 'b'])
    assert.equal(group.state.phase, 'Assigning')
    assert.equal(textOf(group.beat('a').assigned), '1: 0 1 2 3')
    assert.equal(group.beat('b', { epoch: leavingEpoch }).error, 'unknown-member-id')
    group.beat('a', { epoch: leavingEpoch })
    assert.equal(group.state.phase, 'Empty')
  })

  test('a silent member is out when its session ends, and no earlier', () => {
    const group = new ConsumerScript()
    group.join('a')
    group.pass(sessionMs - 1)
    group.beat('a')
    group.pass(sessionMs - 1)
    assert.equal(group.state.members.size, 1)
    group.pass(1)
    assert.equal(group.state.members.size, 0)
    assert.equal(group.beat('a', { epoch: 1 }).error, 'unknown-member-id')
  })

  test('who does not give up in time what it is told to is out', () => {
    const group = new ConsumerScript()
    group.join('a')
    group.join('b')
    group.beat('a')
    group.pass(rebalanceMs / 2)
    group.beat('a')
    group.beat('b')
    group.pass(rebalanceMs / 2 - 1)
    group.beat('b')
    assert.equal(group.state.members.size, 2)
    group.pass(1)
    assert.deepEqual([...group.state.members.keys()], ['b'])
    assert.equal(textOf(group.beat('b').assigned), '1: 0 1 2 3')
  })
})

describe('static members', () => {
  const one = { instanceId: 'one' }

  test('one that leaves for a while keeps its place, and comes back under another id', () => {
    const group = new ConsumerScript()
    group.join('a', one)
    group.join('b')
    group.settle()
    const had = group.has('a')
    const { epoch } = group.state
    assert.equal(group.beat('a', { ...one, epoch: pausingEpoch }).epoch, pausingEpoch)
    assert.equal(group.beat('b').assigned, null, 'nobody is given what it had')
    const back = group.join('a2', one)
    assert.deepEqual([back.error, back.epoch, textOf(back.assigned)], ['none', epoch, had])
    assert.equal(group.state.epoch, epoch)
    assert.equal(group.beat('a', { ...one, epoch }).error, 'fenced-instance-id')
    assert.equal(group.state.members.size, 2)
  })

  test('one that comes back under the id that it had', () => {
    const group = new ConsumerScript()
    group.join('a', one)
    group.beat('a', { ...one, epoch: pausingEpoch })
    assert.equal(group.beat('a', { ...one, epoch: 1 }).error, 'fenced-member-epoch')
    const back = group.join('a', one)
    assert.deepEqual([back.epoch, textOf(back.assigned)], [1, '1: 0 1 2 3'])
  })

  test('one that does not come back is out when its session ends', () => {
    const group = new ConsumerScript()
    group.join('a', one)
    group.beat('a', { ...one, epoch: pausingEpoch })
    group.pass(sessionMs)
    assert.equal(group.state.members.size, 0)
  })

  test('its place is taken as long as it is alive; when it has left, it is another member', () => {
    const group = new ConsumerScript()
    group.join('a', one)
    assert.equal(group.join('b', one).error, 'unreleased-instance-id')
    assert.equal(group.beat('b', { ...one, epoch: 1 }).error, 'fenced-instance-id')
    assert.equal(group.beat('b', { ...one, epoch: leavingEpoch }).error, 'fenced-instance-id')
    assert.equal(group.beat('b', { instanceId: 'two', epoch: 1 }).error, 'unknown-member-id')
    group.beat('a', { ...one, epoch: leavingEpoch })
    assert.equal(group.join('b', one).error, 'none')
  })

  test('nobody takes a place under an id that another member has', () => {
    const group = new ConsumerScript()
    group.join('a', one)
    group.join('b')
    group.beat('a', { ...one, epoch: pausingEpoch })
    assert.equal(group.join('b', one).error, 'invalid-request')
    assert.deepEqual([...group.state.members.keys()], ['a', 'b'])
    assert.equal(group.join('c', one).error, 'none')
  })

  test('one that comes back with other words is another epoch', () => {
    const group = new ConsumerScript()
    group.topics.put({ id: 2, name: 'U', partitionCount: 1 })
    group.join('a', one)
    group.beat('a', { ...one, epoch: pausingEpoch })
    const back = group.join('b', { ...one, topics: ['U'] })
    assert.deepEqual([back.epoch, textOf(back.assigned)], [2, '2: 0'])
  })
})

describe('what is restored', () => {
  test('members go on in their epoch, also in the middle of giving up', () => {
    const group = new ConsumerScript()
    group.join('a')
    group.join('b')
    group.beat('a')
    const known = group.restart()
    assert.deepEqual(group.state.known(), known)
    assert.equal(group.beat('b').assigned, null)
    assert.equal(group.confirm('a').epoch, 2)
    assert.equal(textOf(group.beat('b').assigned), '1: 2 3')
    group.restart()
    assert.equal(group.state.phase, 'Stable')
    assert.equal(group.beat('a').assigned, null)
    assert.equal(group.state.takeChange(), false)
  })

  test('topics that came meanwhile are seen', () => {
    const group = new ConsumerScript()
    group.join('a')
    group.topics.put({ id: 1, name: 'T', partitionCount: 5 })
    group.restart()
    assert.equal(textOf(group.beat('a').assigned), '1: 0 1 2 3 4')
  })

  test('who was to give up something has its time again, and no longer', () => {
    const group = new ConsumerScript()
    group.join('a')
    group.join('b')
    group.beat('a')
    group.restart()
    group.pass(rebalanceMs / 2)
    group.beat('a')
    group.beat('b')
    group.pass(rebalanceMs / 2)
    assert.deepEqual([...group.state.members.keys()], ['b'])
  })
})

test('the exact error for each request that is wrong whatever the group', () => {
  const faultOf = (request: Partial<ConsumerHeartbeat>): string | undefined =>
    heartbeatFaultOf(joiningOf({ memberId: 'a', ...request }))?.[0]
  assert.equal(faultOf({}), undefined)
  for (const request of [
    { memberId: '' },
    { memberId: ' ' },
    { instanceId: '' },
    { rackId: '' },
    { rebalanceTimeoutMs: -1 },
    { owned: null },
    { owned: sets({ 1: [0] }) },
    { topics: null },
    { epoch: -3 },
    { epoch: pausingEpoch },
    { epoch: leavingEpoch, memberId: '', isIdRequired: false },
  ]) {
    assert.equal(faultOf(request), 'invalid-request', JSON.stringify(request))
  }
  assert.equal(faultOf({ memberId: '', isIdRequired: false }), undefined)
  assert.equal(faultOf({ topics: null, pattern: '' }), undefined)
  assert.equal(faultOf({ assignor: 'sticky' }), 'unsupported-assignor')
  assert.equal(heartbeatFaultOf(beatOf({ memberId: 'a', assignor: 'toString' }))?.[0], 'unsupported-assignor')
})
