// Records that leave a consumer though no member settled them: drained, deleted, purged.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settleVerbs } from '@sluice/protocol/native/flow-messages'
import { simulate } from '../../testing/sim-io.ts'
import { deleteMessages, purge } from '../streams/removal.ts'
import { acked, join, publishSubjects, settle, startFlow, startFlowIn } from './flow-life.fixture.ts'
import type { FlowLife, Received } from './flow-life.fixture.ts'

const oneEach = { rules: [{ match: '>', limit: 1 }] }

async function made(life: FlowLife, config: object = oneEach): Promise<void> {
  await life.streams.create('S', {})
  await life.flow.create('S', 'c', config)
}

function offsets({ deliveries }: Received): number[] {
  return deliveries.map(({ offset }) => offset)
}

function drain(life: FlowLife, match: string): Promise<number> {
  return life.flow.operations.drain('S', 'c', match)
}

async function remove(life: FlowLife, ...removed: number[]): Promise<void> {
  const places = removed.map((offset) => ({ partition: 0, offset }))
  await deleteMessages(life.streams.require('S'), places)
}

test('drain settles what waits, delayed or not read; what is out keeps its slot', () =>
  startFlow(1, async (life) => {
    await made(life)
    await publishSubjects(life, ['a', 'a', 'a', 'b', 'b'])
    const received = join(life, 'c', 2)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 3])
    await publishSubjects(life, ['a', 'b', 'a'])
    assert.equal(await drain(life, 'a'), 4)
    const { inFlight, drained } = life.flow.stats('S', 'c')
    assert.deepEqual([inFlight, drained], [2, 4])
    await acked(received)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 3, 4])
    await publishSubjects(life, ['a'])
    await acked(received)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 3, 4, 8, 6])
    assert.equal(await drain(life, 'nothing.of.it'), 0)
    await assert.rejects(drain(life, 'a..b'), { code: 'invalid-pattern' })
  }))

test('drain counts what is delayed, and not what is on its way to the dead letters', () =>
  startFlow(2, async (life) => {
    await made(life, { maxDeliver: 2 })
    await publishSubjects(life, ['a', 'a', 'a'])
    const received = join(life, 'c')
    await life.sleep(50)
    settle(received, received.deliveries[0]!, settleVerbs.nack, { delayMs: 60_000 })
    settle(received, received.deliveries[1]!, settleVerbs.reject)
    assert.equal(await drain(life, '>'), 1)
    await life.sleep(100)
    const { deadLettered, inFlight, delayed } = life.flow.stats('S', 'c')
    assert.deepEqual([deadLettered, inFlight, delayed], [1, 1, 0])
  }))

test('drain without members, while all is paused, and of more than is held in memory', () =>
  startFlow(3, async (life) => {
    await made(life)
    for (let batch = 0; batch < 5; batch++) {
      await publishSubjects(
        life,
        Array.from({ length: 1000 }, (_, index) => (index === 0 ? 'b' : 'a')),
      )
    }
    assert.equal(await drain(life, 'b'), 5)
    const received = join(life, 'c')
    await life.sleep(200)
    assert.deepEqual(offsets(received), [1])
    await life.flow.operations.pause('S', 'c', { match: '>', until: undefined })
    assert.equal(await drain(life, 'a'), 4994)
    await acked(received)
    await life.flow.operations.resume('S', 'c', '>')
    await publishSubjects(life, ['a'])
    await life.sleep(200)
    assert.deepEqual(offsets(received), [1, 5000])
    assert.equal(life.flow.stats('S', 'c').partitions[0]!.floor, 5000)
  }))

test('what was drained and confirmed stays so after a power loss; attempts of others do too', () =>
  simulate(4, async (world) => {
    const first = await startFlowIn(world)
    await made(first)
    await publishSubjects(first, ['a', 'a', 'b', 'a', 'b'])
    const received = join(first, 'c')
    await first.sleep(50)
    settle(received, received.deliveries[0]!, settleVerbs.nack)
    settle(received, received.deliveries[1]!, settleVerbs.nack)
    received.membership.leave('closed')
    assert.equal(await drain(first, 'a'), 3)
    world.crash('n', 'power')
    const second = await startFlowIn(world)
    const again = join(second, 'c')
    await second.sleep(50)
    assert.deepEqual(
      again.deliveries.map(({ offset, attempt }) => [offset, attempt]),
      [[2, 2]],
    )
    await acked(again)
    await second.sleep(50)
    assert.deepEqual(offsets(again), [2, 4])
    second.crash()
  }))

test('deleted records: out, parked, not read; slots and windows are free at once, tokens stale', () =>
  startFlow(5, async (life) => {
    await made(life)
    await publishSubjects(life, ['a', 'a', 'a', 'b', 'b', 'd'])
    const received = join(life, 'c', 2)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 3])
    await remove(life, 0, 1, 5)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 3, 2])
    const { inFlight, expired } = life.flow.stats('S', 'c')
    assert.deepEqual([inFlight, expired], [2, 3])
    assert.equal(settle(received, received.deliveries[0]!), 'stale-delivery')
    await acked(received)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 3, 2, 4])
    await acked(received)
    assert.equal(life.flow.stats('S', 'c').partitions[0]!.floor, 6)
  }))

test('a purge frees what is out, and what comes after it is delivered', () =>
  simulate(6, async (world) => {
    const life = await startFlowIn(world)
    await made(life)
    await publishSubjects(life, ['a', 'a', 'b'])
    const received = join(life, 'c', 2)
    await life.sleep(50)
    const { removed } = await purge(life.streams.require('S'), {}, life.io.timers)
    assert.equal(removed, 3)
    const { inFlight, expired, parked } = life.flow.stats('S', 'c')
    assert.deepEqual([inFlight, expired, parked], [0, 3, 0])
    await publishSubjects(life, ['a', 'a'])
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 2, 3])
    await acked(received)
    world.crash('n', 'power')
    const second = await startFlowIn(world)
    const again = join(second, 'c')
    await second.sleep(50)
    assert.deepEqual(offsets(again), [4])
    second.crash()
  }))

test('a purge by pattern in the middle of a batch that is being read', () =>
  startFlow(7, async (life) => {
    await made(life, { maxInflight: 10 })
    await publishSubjects(
      life,
      Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 'a' : 'b')),
    )
    const received = join(life, 'c')
    await life.sleep(50)
    assert.equal(received.deliveries.length, 10)
    await purge(life.streams.require('S'), { match: 'b' }, life.io.timers)
    for (let round = 0; round < 20; round++) {
      await acked(received)
      await life.sleep(20)
    }
    const later = offsets(received).slice(10)
    assert.equal(new Set(offsets(received)).size, received.deliveries.length)
    assert.ok(later.every((offset) => offset % 2 === 0))
    assert.equal(life.flow.stats('S', 'c').partitions[0]!.floor, 100)
    assert.equal(life.flow.stats('S', 'c').quarantined, 0)
  }))

test('a consumer that is made later does not find a deleted record in the memory that it shares', () =>
  startFlow(8, async (life) => {
    await made(life)
    await publishSubjects(life, ['a', 'b', 'd'])
    join(life, 'c')
    await life.sleep(50)
    await remove(life, 1)
    await life.flow.create('S', 'other', {})
    const received = join(life, 'other')
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 2])
  }))

test('a record that is deleted while its dead letter waits for the disk frees its slot once', () =>
  startFlow(9, async (life) => {
    await made(life, { maxInflight: 1 })
    await publishSubjects(life, ['a', 'b', 'd'])
    const received = join(life, 'c')
    await life.sleep(50)
    const disk = life.world.disk('n')
    await life.streams.create('S.dlq', {})
    disk.capacityBytes = disk.usedBytes
    settle(received, received.deliveries[0]!, settleVerbs.reject)
    await life.sleep(1500)
    assert.equal(life.flow.stats('S', 'c').inFlight, 1)
    disk.capacityBytes = Infinity
    await remove(life, 0)
    await life.sleep(3000)
    assert.deepEqual(offsets(received), [0, 1])
    const { inFlight, deadLettered } = life.flow.stats('S', 'c')
    assert.deepEqual([inFlight, deadLettered], [1, 0])
  }))

test('records that were deleted before a restart are no damage', () =>
  simulate(10, async (world) => {
    const first = await startFlowIn(world)
    await made(first)
    for (const subject of ['a', 'b', 'd', 'e']) await publishSubjects(first, [subject])
    await remove(first, 1, 2)
    world.crash('n', 'power')
    const second = await startFlowIn(world)
    const received = join(second, 'c')
    await second.sleep(50)
    assert.deepEqual(offsets(received), [0, 3])
    assert.equal(second.flow.stats('S', 'c').quarantined, 0)
    second.crash()
  }))
