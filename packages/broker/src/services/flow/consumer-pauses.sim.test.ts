// Pauses at work: what is not delivered, for how long, and what survives.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '../../testing/sim-io.ts'
import { acked, join, publishSubjects, settle, startFlow, startFlowIn } from './flow-life.fixture.ts'
import type { FlowLife, Received } from './flow-life.fixture.ts'

async function made(life: FlowLife, config: object = {}): Promise<void> {
  await life.streams.create('S', {})
  await life.flow.create('S', 'c', config)
}

function pause(life: FlowLife, match: string, until?: string): Promise<unknown> {
  return life.flow.operations.pause('S', 'c', { match, until })
}

function later(life: FlowLife, ms: number): string {
  return new Date(life.io.clock.wallMs() + ms).toISOString()
}

function offsets({ deliveries }: Received): number[] {
  return deliveries.map(({ offset }) => offset)
}

test('a pattern, or a subject: others go on, what is out stays out, and nothing is skipped', () =>
  startFlow(1, async (life) => {
    await made(life, { rules: [{ match: '>', limit: 1 }] })
    await publishSubjects(life, ['a.1', 'a.1', 'b.1', 'c'])
    const received = join(life, 'c')
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 2, 3])
    await pause(life, 'a.*')
    await pause(life, 'c')
    await publishSubjects(life, ['a.2', 'b.2', 'c'])
    await acked(received)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 2, 3, 5])
    assert.equal(life.flow.stats('S', 'c').acked, 4)
    await life.flow.operations.resume('S', 'c', 'a.*')
    await life.sleep(50)
    assert.deepEqual(
      offsets(received)
        .slice(4)
        .sort((a, b) => a - b),
      [1, 4],
    )
    await life.flow.operations.resume('S', 'c', 'c')
    await life.sleep(50)
    assert.deepEqual(offsets(received).slice(6), [6])
    assert.deepEqual(life.flow.get('S', 'c').pauses, [])
  }))

test('everything: nothing is read or delivered once the pause is confirmed', () =>
  startFlow(2, async (life) => {
    await made(life)
    await publishSubjects(life, ['a', 'b'])
    const received = join(life, 'c')
    await life.sleep(50)
    await publishSubjects(life, ['d', 'e'])
    await pause(life, '>')
    const before = offsets(received).length
    await publishSubjects(life, ['f'])
    await acked(received)
    await life.sleep(500)
    assert.equal(offsets(received).length, before)
    const { readPosition, unread } = life.flow.stats('S', 'c').partitions[0]!
    assert.ok(unread >= 1 && readPosition < 5)
    await assert.rejects(life.flow.operations.resume('S', 'c', 'a'), { code: 'not-paused' })
    await life.flow.operations.resume('S', 'c', '>')
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 1, 2, 3, 4])
  }))

test('a pause ends by itself, also while nobody is there, and is not listed then', () =>
  startFlow(3, async (life) => {
    await made(life)
    const received = join(life, 'c')
    await pause(life, '>', later(life, 3000))
    await publishSubjects(life, ['a'])
    await life.sleep(2900)
    assert.deepEqual([offsets(received), life.flow.get('S', 'c').pauses.length], [[], 1])
    await life.sleep(200)
    assert.deepEqual([offsets(received), life.flow.get('S', 'c').pauses.length], [[0], 0])
    await assert.rejects(life.flow.operations.resume('S', 'c', '>'), { code: 'not-paused' })
  }))

test('a clock that jumps over the end is noticed, and one that jumps back makes the pause longer', () =>
  startFlow(4, async (life) => {
    await made(life, { ackWaitMs: 0 })
    const received = join(life, 'c')
    await pause(life, '>', later(life, 3_600_000))
    await publishSubjects(life, ['a'])
    await life.sleep(1000)
    life.world.clock('n').jumpWall(3_600_000)
    await life.sleep(6000)
    assert.deepEqual(offsets(received), [0])
    await pause(life, '>', later(life, 2000))
    life.world.clock('n').jumpWall(-60_000)
    await publishSubjects(life, ['b'])
    await life.sleep(30_000)
    assert.deepEqual(offsets(received), [0])
    await life.sleep(35_000)
    assert.deepEqual(offsets(received), [0, 1])
  }))

test('what was confirmed survives a power loss, and an end that passed meanwhile has passed', () =>
  simulate(5, async (world) => {
    const first = await startFlowIn(world)
    await made(first)
    await publishSubjects(first, ['a', 'b', 'd'])
    await pause(first, 'a')
    await pause(first, 'b', later(first, 1000))
    await pause(first, 'd', later(first, 1000))
    await first.flow.operations.resume('S', 'c', 'd')
    world.crash('n', 'power')
    await world.sleep(2000)
    const second = await startFlowIn(world)
    const received = join(second, 'c')
    await second.sleep(50)
    assert.deepEqual(offsets(received), [1, 2])
    assert.deepEqual(
      second.flow.get('S', 'c').pauses.map(({ match, until }) => [match, until]),
      [['a', undefined]],
    )
    second.crash()
  }))

test('an alteration keeps the pauses, and a deadline passes while its subject is paused', () =>
  startFlow(6, async (life) => {
    await made(life, { ackWaitMs: 1000 })
    await publishSubjects(life, ['a', 'b'])
    const received = join(life, 'c')
    await life.sleep(50)
    await pause(life, 'a')
    await life.flow.alter('S', 'c', { ackWaitMs: 2000, rules: [{ match: 'a', limit: 5 }] })
    settle(received, received.deliveries[1]!)
    await life.sleep(3000)
    assert.deepEqual(offsets(received), [0, 1])
    assert.equal(life.flow.stats('S', 'c').timedOut, 1)
    await life.flow.operations.resume('S', 'c', 'a')
    await life.sleep(50)
    assert.deepEqual([offsets(received), received.deliveries[2]!.attempt], [[0, 1, 0], 2])
  }))
