// Where consumers begin, in each way, and that a crash at any time leaves none or one that begins right.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsumerConfig, DeliverFrom } from '@sluice/protocol/model/consumer'
import { simulate } from '../../testing/sim-io.ts'
import { acked, join, publishSubjects, startFlow, startFlowIn } from './flow-life.fixture.ts'
import type { FlowLife } from './flow-life.fixture.ts'
import { settleBefore } from './consumer-beginning.ts'
import { newConsumerConfig } from './consumer-config.ts'
import { SettledSet } from './state/settled-set.ts'

/** Everything that a member of a new consumer gets. */
async function deliveredTo(life: FlowLife, name: string, config: Partial<ConsumerConfig>): Promise<number[]> {
  await life.flow.create('S', name, config)
  return offsetsOf(life, name)
}

async function offsetsOf(life: FlowLife, name: string): Promise<number[]> {
  const received = join(life, name)
  await life.sleep(500)
  received.membership.leave('closed')
  return received.deliveries.map(({ offset }) => offset).sort((a, b) => a - b)
}

test('all, new, last, an offset and a time', () =>
  startFlow(1, async (life) => {
    await life.streams.create('S', {})
    await publishSubjects(life, ['a', 'b', 'c', 'd'], { timestamp: 1000 })
    await publishSubjects(life, ['a', 'b'], { timestamp: 2000 })
    const expected: [DeliverFrom, number[]][] = [
      ['all', [0, 1, 2, 3, 4, 5]],
      ['new', []],
      ['last', [5]],
      ['last-per-subject', [2, 3, 4, 5]],
      [{ fromOffset: 4 }, [4, 5]],
      [{ fromOffset: 6 }, []],
      [{ fromTime: '1970-01-01T00:00:02Z' }, [4, 5]],
      [{ fromTime: '1970-01-01T00:00:03Z' }, []],
    ]
    for (const [index, [deliverFrom, offsets]] of expected.entries()) {
      assert.deepEqual(await deliveredTo(life, `c${index}`, { deliverFrom }), offsets, `from ${index}`)
    }
    await publishSubjects(life, ['z'])
    for (const [index, [, offsets]] of expected.entries()) {
      assert.deepEqual(await offsetsOf(life, `c${index}`), [...offsets, 6], `from ${index}, later`)
    }
  }))

test('an empty log: everything begins with the first record', () =>
  startFlow(2, async (life) => {
    await life.streams.create('S', {})
    const places: DeliverFrom[] = ['new', 'last', 'last-per-subject', { fromTime: '2026-01-01' }]
    for (const [index, deliverFrom] of places.entries())
      await life.flow.create('S', `c${index}`, { deliverFrom })
    await publishSubjects(life, ['a'])
    for (const index of places.keys()) assert.deepEqual(await offsetsOf(life, `c${index}`), [0])
  }))

test('an offset beyond the end is refused, and leaves no consumer', () =>
  startFlow(3, async (life) => {
    await life.streams.create('S', { partitions: 2 })
    await publishSubjects(life, ['a'])
    const refused = { code: 'offset-out-of-range', message: /offset 1, but partition \d ends at 0/ }
    await assert.rejects(life.flow.create('S', 'c', { deliverFrom: { fromOffset: 1 } }), refused)
    assert.deepEqual(life.flow.list('S'), [])
    await life.flow.create('S', 'c', {})
  }))

test('the last of every subject: only those that the filter matches, over many batches', () =>
  startFlow(4, async (life) => {
    await life.streams.create('S', {})
    const subjects = Array.from(
      { length: 5000 },
      (_, index) => `${index % 3 === 0 ? 'a' : 'b'}.${index % 700}`,
    )
    for (let at = 0; at < subjects.length; at += 500)
      await publishSubjects(life, subjects.slice(at, at + 500))
    const last = new Map(subjects.map((subject, offset) => [subject, offset]))
    const expected = [...last].filter(([subject]) => subject.startsWith('a.')).map(([, offset]) => offset)
    const config = { deliverFrom: 'last-per-subject', filter: ['a.>'], maxInflight: 10_000 } as const
    assert.deepEqual(
      await deliveredTo(life, 'c', config),
      expected.sort((a, b) => a - b),
    )
  }))

test('a partition that is added later is delivered from its first record', () =>
  startFlow(5, async (life) => {
    await life.streams.create('S', { partitions: 1 })
    await publishSubjects(life, ['a', 'b'])
    await life.flow.create('S', 'c', { deliverFrom: 'new' })
    await life.streams.alter('S', { partitions: 2 })
    await publishSubjects(life, ['c'], { partition: 1 })
    await publishSubjects(life, ['d'], { partition: 0 })
    assert.deepEqual(await offsetsOf(life, 'c'), [0, 2])
  }))

test('two who create the same consumer at once both have it, and one of another kind is refused', () =>
  startFlow(6, async (life) => {
    await life.streams.create('S', {})
    await publishSubjects(life, ['a', 'b', 'a'])
    const config = { deliverFrom: 'last-per-subject' } as const
    const made = await Promise.all([life.flow.create('S', 'c', config), life.flow.create('S', 'c', config)])
    assert.deepEqual(made[0], made[1])
    await assert.rejects(life.flow.create('S', 'c', { deliverFrom: 'new' }), { code: 'consumer-exists' })
    assert.deepEqual(await offsetsOf(life, 'c'), [1, 2])
  }))

test('a crash while it is created leaves no consumer, or one that begins right (60 seeds)', async () => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    await simulate(seed, async (world) => {
      const { random } = world.scheduler
      const first = await startFlowIn(world)
      const durability = random.pick(['fsync', 'os'] as const)
      await first.streams.create('S', { durability })
      await publishSubjects(first, ['a', 'b', 'a', 'c', 'b'])
      let isConfirmed = false
      const deliverFrom = random.pick(['new', 'last', 'last-per-subject', { fromOffset: 2 }] as const)
      void first.flow.create('S', 'c', { deliverFrom }).then(
        () => (isConfirmed = true),
        () => undefined,
      )
      await world.sleep(random.between(0, 12))
      const wasConfirmed = isConfirmed
      world.crash('n', random.chance(0.5) ? 'kill' : 'power')

      const second = await startFlowIn(world)
      const end = second.streams.require('S').partitions[0]!.highWatermark
      const isThere = second.flow.list('S').length === 1
      assert.ok(isThere || !wasConfirmed, `seed ${seed}: a confirmed consumer is gone`)
      outcomes.add(isThere ? 'there' : 'gone')
      if (!isThere) return second.crash()
      const begins = { new: [], last: [4], 'last-per-subject': [2, 3, 4] }
      const expected = typeof deliverFrom === 'string' ? begins[deliverFrom] : [2, 3, 4]
      const delivered = await offsetsOf(second, 'c')
      const kept = expected.filter((offset) => offset < end)
      // What a power loss took of the log is given again, and may be delivered; nothing older may.
      assert.deepEqual(delivered, kept, `seed ${seed}: ${JSON.stringify(deliverFrom)}`)
      second.crash()
    })
  }
  assert.deepEqual([...outcomes].sort(), ['gone', 'there'])
})

test('what was settled and where it began are both there after a restart', () =>
  simulate(7, async (world) => {
    const first = await startFlowIn(world)
    await first.streams.create('S', {})
    await publishSubjects(first, ['a', 'b', 'a', 'c'])
    await first.flow.create('S', 'c', { deliverFrom: 'last-per-subject' })
    const received = join(first, 'c')
    await first.sleep(100)
    await acked(received, (offset) => offset === 2)
    first.crash()
    const second = await startFlowIn(world)
    assert.deepEqual(await offsetsOf(second, 'c'), [1, 3])
    second.crash()
  }))

test('a partition that another node leads is asked how it stands before anything counts as old', () =>
  startFlow(20, async ({ streams, io, ...life }) => {
    await streams.create('S', {})
    await publishSubjects({ streams, io, ...life }, ['a', 'b'])
    const led = streams.require('S').requirePartition(0)
    let heardOf = 0
    const partition = new Proxy(led, {
      get(target, name) {
        if (name === 'highWatermark') return heardOf
        if (name === 'refresh') return async () => void (heardOf = target.highWatermark)
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    const config = newConsumerConfig('S', { deliverFrom: 'new' })
    const settled = new SettledSet()
    await settleBefore({ partition, config, timers: io.timers, check: () => {} }, settled)
    assert.equal(settled.floor, 2)
  }))
