// What settles a record: each ack its own, one ack all before it, or the delivery itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settleVerbs } from '@sluice/protocol/native/flow-messages'
import { simulate } from '../../testing/sim-io.ts'
import { join, publishSubjects, settle, startFlow, startFlowIn } from './flow-life.fixture.ts'
import type { FlowLife, Received } from './flow-life.fixture.ts'
import type { Delivery, Membership } from './flow-consumers.ts'

async function made(life: FlowLife, config: object, partitions = 1): Promise<void> {
  await life.streams.create('S', { partitions })
  await life.flow.create('S', 'c', config)
}

function offsets({ deliveries }: Received): number[] {
  return deliveries.map(({ offset }) => offset)
}

test('all: an ack settles what the same member got before it, and nothing else', () =>
  startFlow(1, async (life) => {
    await made(life, { ackPolicy: 'all' })
    await publishSubjects(life, ['a', 'b', 'c', 'd', 'e', 'f'])
    const [one, other] = [join(life, 'c', 3), join(life, 'c', 3)]
    await life.sleep(50)
    assert.deepEqual([offsets(one).length, offsets(other).length], [3, 3])
    settle(one, one.deliveries[1]!)
    await one.membership.durable()
    const { inFlight, acked } = life.flow.stats('S', 'c')
    assert.deepEqual([inFlight, acked], [4, 2])
    assert.equal(settle(one, one.deliveries[0]!), 'stale-delivery')
    assert.equal(settle(one, one.deliveries[2]!), undefined)
    assert.equal(settle(other, other.deliveries[2]!), undefined)
    assert.deepEqual(life.flow.stats('S', 'c').inFlight, 0)
  }))

test('all: partitions are settled apart, and other verbs are for one delivery', () =>
  startFlow(2, async (life) => {
    await made(life, { ackPolicy: 'all' }, 2)
    await publishSubjects(life, ['a', 'b', 'c'], { partition: 0 })
    await publishSubjects(life, ['d', 'e', 'f'], { partition: 1 })
    const received = join(life, 'c')
    await life.sleep(50)
    const last = received.deliveries.findLast(({ partition }) => partition === 0)!
    settle(received, last, settleVerbs.release)
    assert.equal(life.flow.stats('S', 'c').inFlight, 5)
    await life.sleep(50)
    settle(received, received.deliveries.at(-1)!)
    const { inFlight, acked } = life.flow.stats('S', 'c')
    assert.deepEqual([inFlight, acked], [3, 3])
  }))

test('none: what is delivered is settled, holds no window, and does not come again', () =>
  simulate(3, async (world) => {
    const life = await startFlowIn(world)
    await made(life, { ackPolicy: 'none', maxInflight: 2 })
    await publishSubjects(life, ['a', 'a', 'b', 'c', 'd'])
    const received = join(life, 'c', 1)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 1, 2, 3, 4])
    const { inFlight, delivered } = life.flow.stats('S', 'c')
    assert.deepEqual([inFlight, delivered], [0, 5])
    assert.equal(settle(received, received.deliveries[0]!), 'stale-delivery')
    received.membership.leave('lost')
    world.crash('n', 'power')
    const second = await startFlowIn(world)
    const again = join(second, 'c')
    await publishSubjects(second, ['e'])
    await second.sleep(50)
    assert.deepEqual(offsets(again), [5])
    second.crash()
  }))

test('none: a member without a window gets nothing, one that pulls gets that many', () =>
  startFlow(4, async (life) => {
    await made(life, { ackPolicy: 'none' })
    await publishSubjects(life, ['a', 'b', 'c'])
    const received = join(life, 'c', 0)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [])
    received.membership.pull(2)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 1])
    received.port.isWritable = false
    received.membership.pull(5)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 1], 'a member that does not read is waited for')
    received.port.isWritable = true
    received.membership.resume()
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 1, 2])
  }))

interface Sent {
  readonly offsets: number[]
  readonly membership: Membership
}

/** A member whose deliveries count once they have gone out. */
function sentTo({ flow }: FlowLife): Sent {
  const offsets: number[] = []
  let waiting: number[] = []
  const port = {
    name: 'test',
    isWritable: true,
    deliver: ({ offset }: Delivery) => void waiting.push(offset),
    flush: () => {
      offsets.push(...waiting)
      waiting = []
    },
    ended: () => {},
  }
  return { offsets, membership: flow.join('S', 'c', port, 100) }
}

test('none: whatever a crash interrupts, no record goes out twice (60 seeds)', async () => {
  let interrupted = 0
  for (let seed = 0; seed < 60; seed++) {
    await simulate(seed, async (world) => {
      const { random } = world.scheduler
      const sent: number[] = []
      for (let life = 0; life < 3; life++) {
        const broker = await startFlowIn(world)
        if (life === 0) await made(broker, { ackPolicy: 'none' })
        const member = sentTo(broker)
        void publishMany(broker, 40).catch(() => undefined)
        await world.sleep(random.between(0, 60))
        world.crash('n', random.chance(0.5) ? 'kill' : 'power')
        sent.push(...member.offsets)
        if (member.offsets.length > 0 && member.offsets.length < 40) interrupted++
      }
      assert.equal(new Set(sent).size, sent.length, `seed ${seed}: ${sent.join(' ')}`)
    })
  }
  assert.ok(interrupted > 20, `${interrupted} lives ended between deliveries`)
})

async function publishMany(life: FlowLife, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await publishSubjects(life, ['a'])
}

test('none: on a full disk nothing goes out, and all does once there is space', () =>
  startFlow(8, async (life) => {
    await made(life, { ackPolicy: 'none' })
    await publishSubjects(life, ['a', 'b', 'd'])
    const disk = life.world.disk('n')
    disk.capacityBytes = disk.usedBytes
    const { offsets: out } = sentTo(life)
    await life.sleep(5000)
    assert.deepEqual(out, [])
    disk.capacityBytes = Infinity
    await life.sleep(3000)
    assert.deepEqual(out, [0, 1, 2])
    await publishSubjects(life, ['e'])
    await life.sleep(50)
    assert.deepEqual(out, [0, 1, 2, 3])
  }))
