// What becomes of records whose last attempt failed: dropped, or blocked until an operator decides.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BlockedDecision } from '@sluice/protocol/model/consumer'
import { settleVerbs } from '@sluice/protocol/native/flow-messages'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { simulate } from '../../testing/sim-io.ts'
import { deleteMessages } from '../streams/removal.ts'
import { acked, join, publishSubjects, settle, startFlow, startFlowIn } from './flow-life.fixture.ts'
import type { FlowLife, Received } from './flow-life.fixture.ts'

const blocking = { maxDeliver: 1, onExhausted: 'block', rules: [{ match: '>', limit: 1 }] } as const

/** Record 0, of `a`, is blocked; 1, of `a`, waits behind it; 2, of `b`, is out. */
async function blockedOne(life: FlowLife): Promise<Received> {
  await life.streams.create('S', {})
  await life.flow.create('S', 'c', blocking)
  await publishSubjects(life, ['a', 'a', 'b'])
  const received = join(life, 'c')
  await life.sleep(50)
  settle(received, received.deliveries[0]!, settleVerbs.nack, { reason: 'no such order' })
  await received.membership.durable()
  await life.sleep(50)
  return received
}

function offsets({ deliveries }: Received): number[] {
  return deliveries.map(({ offset }) => offset)
}

test('drop: the record is settled and counted, and its pool goes on', () =>
  simulate(1, async (world) => {
    const life = await startFlowIn(world)
    await life.streams.create('S', {})
    const config = { maxDeliver: 2, onExhausted: 'drop', rules: [{ match: '>', limit: 1 }] } as const
    await life.flow.create('S', 'c', config)
    await publishSubjects(life, ['a', 'a'])
    const received = join(life, 'c')
    for (let attempt = 1; attempt <= 2; attempt++) {
      await life.sleep(50)
      settle(received, received.deliveries.at(-1)!, settleVerbs.nack)
    }
    await received.membership.durable()
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 0, 1])
    const { dropped, deadLettered, inFlight } = life.flow.stats('S', 'c')
    assert.deepEqual([dropped, deadLettered, inFlight], [1, 0, 1])
    assert.equal(life.streams.find('S.dlq'), undefined)
    world.crash('n', 'power')
    const second = await startFlowIn(world)
    const again = join(second, 'c')
    await second.sleep(50)
    assert.deepEqual(offsets(again), [1])
    second.crash()
  }))

test('block: that subject alone stops, and says why', () =>
  startFlow(2, async (life) => {
    const received = await blockedOne(life)
    assert.deepEqual(offsets(received), [0, 2])
    const row = { subject: 'a', partition: 0, offset: 0, attempts: 1, error: 'no such order' }
    assert.deepEqual(await life.flow.operations.blocked('S', 'c', 10), [row])
    assert.equal(life.flow.explain('S', 'c', 'a').reason, 'blocked')
    const { blocked, inFlight, heldBy } = life.flow.stats('S', 'c')
    assert.deepEqual([blocked, inFlight, heldBy.blocked], [1, 1, 1])
    await publishSubjects(life, ['a', 'b'])
    await acked(received, (offset) => offset === 2)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 2, 4])
  }))

const decisions: [BlockedDecision, expected: number[], letters: number][] = [
  ['retry', [0, 2, 0], 0],
  ['drop', [0, 2, 1], 0],
  ['dead-letter', [0, 2, 1], 1],
]

for (const [decision, expected, letters] of decisions) {
  test(`${decision}: the subject goes on`, () =>
    startFlow(3, async (life) => {
      const received = await blockedOne(life)
      assert.equal(await life.flow.operations.unblock('S', 'c', { subject: 'a', decision }), 1)
      await life.sleep(100)
      assert.deepEqual(offsets(received), expected)
      assert.equal(received.deliveries.at(-1)!.attempt, 1)
      const { deadLettered, blocked, dropped } = life.flow.stats('S', 'c')
      assert.deepEqual([deadLettered, blocked, dropped], [letters, 0, decision === 'drop' ? 1 : 0])
      assert.equal(life.streams.find('S.dlq')?.partitions[0]!.highWatermark ?? 0, letters)
      const again = life.flow.operations.unblock('S', 'c', { subject: 'a', decision })
      await assert.rejects(again, { code: 'not-blocked', message: /no blocked record of "a"/ })
    }))

  test(`${decision}: also after a power loss, before anything is read again`, () =>
    simulate(4, async (world) => {
      await blockedOne(await startFlowIn(world))
      world.crash('n', 'power')
      const second = await startFlowIn(world)
      const [row] = await second.flow.operations.blocked('S', 'c', 10)
      assert.deepEqual([row!.subject, row!.offset, row!.error], ['a', 0, 'no such order'])
      const other = second.flow.operations.unblock('S', 'c', { subject: 'b', decision })
      await assert.rejects(other, { code: 'not-blocked' })
      assert.equal(await second.flow.operations.unblock('S', 'c', { subject: 'a', decision }), 1)
      world.crash('n', 'power')
      const third = await startFlowIn(world)
      const received = join(third, 'c')
      await third.sleep(100)
      const firsts = decision === 'retry' ? [0, 2] : [1, 2]
      assert.deepEqual(
        offsets(received).sort((a, b) => a - b),
        firsts,
      )
      assert.equal(received.deliveries[0]!.attempt, 1)
      assert.equal(third.flow.stats('S', 'c').deadLettered, letters)
      third.crash()
    }))
}

test('after a restart what is blocked is still so once it is read, and the operator is asked again', () =>
  simulate(5, async (world) => {
    await blockedOne(await startFlowIn(world))
    world.crash('n', 'kill')
    const second = await startFlowIn(world)
    assert.equal(second.flow.explain('S', 'c', 'b').reason, 'no member', 'not paused: nobody has paused it')
    const received = join(second, 'c')
    await second.sleep(50)
    assert.deepEqual(offsets(received), [2])
    assert.equal((await second.flow.operations.blocked('S', 'c', 10)).length, 1)
    assert.equal(await second.flow.operations.unblock('S', 'c', { subject: 'a', decision: 'drop' }), 1)
    await second.sleep(50)
    assert.deepEqual(offsets(received), [2, 1])
    second.crash()
  }))

test('after a restart what was out of a blocked subject, before it, waits for the decision too', () =>
  simulate(6, async (world) => {
    const first = await startFlowIn(world)
    await first.streams.create('S', {})
    await first.flow.create('S', 'c', { maxDeliver: 1, onExhausted: 'block' })
    await publishSubjects(first, ['a', 'b', 'a', 'b'])
    const received = join(first, 'c')
    await first.sleep(50)
    settle(received, received.deliveries[2]!, settleVerbs.nack)
    await received.membership.durable()
    world.crash('n', 'kill')
    const second = await startFlowIn(world)
    const again = join(second, 'c')
    await second.sleep(100)
    assert.deepEqual(offsets(again), [1, 3])
    assert.equal(await second.flow.operations.unblock('S', 'c', { subject: 'a', decision: 'retry' }), 1)
    await second.sleep(100)
    assert.deepEqual(offsets(again), [1, 3, 0, 2])
    second.crash()
  }))

test('a blocked record that is deleted right after a restart holds nothing back', () =>
  simulate(7, async (world) => {
    const first = await startFlowIn(world)
    await first.streams.create('S', {})
    await first.flow.create('S', 'c', { maxDeliver: 1, onExhausted: 'block' })
    await publishSubjects(first, ['b', 'b', 'a'])
    const received = join(first, 'c')
    await first.sleep(50)
    settle(received, received.deliveries[2]!, settleVerbs.nack)
    await received.membership.durable()
    world.crash('n', 'kill')
    const second = await startFlowIn(world)
    await deleteMessages(second.streams.require('S'), [{ partition: 0, offset: 2 }])
    const again = join(second, 'c')
    await second.sleep(100)
    assert.deepEqual(offsets(again), [0, 1])
    second.crash()
  }))

const opaqueKeys: [string | null | Uint8Array<ArrayBuffer>, string][] = [
  [null, ''],
  [new Uint8Array(), ''],
  [new Uint8Array([0xff, 0x61]), '\ufffda'],
]

for (const [index, [key, shown]] of opaqueKeys.entries()) {
  test(`a blocked record whose key is no text (${index}) can be decided on by what is shown of it`, () =>
    simulate(8, async (world) => {
      const first = await startFlowIn(world)
      await first.streams.create('S', {})
      await first.flow.create('S', 'c', blocking)
      const builder = new RecordBatchBuilder()
      builder.add(0, key, 'value')
      builder.add(0, key, 'value')
      await first.streams.require('S').requirePartition(0).store([builder.take()])
      const received = join(first, 'c')
      await first.sleep(50)
      settle(received, received.deliveries[0]!, settleVerbs.nack)
      await received.membership.durable()
      const [row] = await first.flow.operations.blocked('S', 'c', 10)
      assert.equal(row!.subject, shown)
      const decision = { subject: shown, decision: 'retry' } as const
      assert.equal(await first.flow.operations.unblock('S', 'c', decision), 1)
      await first.sleep(50)
      assert.deepEqual(offsets(received), [0, 0])
      first.crash()
    }))
}
