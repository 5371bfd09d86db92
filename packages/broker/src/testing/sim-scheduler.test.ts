// Virtual time: order, repeatability, and clear words when a run cannot go on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock, simEpochMs } from './sim-clock.ts'
import { SimRandom } from './sim-random.ts'
import { SimFailure, SimScheduler } from './sim-scheduler.ts'

test('events run in the order of their time, each with its promises', async () => {
  const scheduler = new SimScheduler(1)
  const seen: string[] = []
  const say = async (name: string): Promise<void> => {
    seen.push(name)
    for (let hop = 0; hop < 50; hop += 1) await Promise.resolve()
    seen.push(`${name}!`)
  }
  scheduler.at(20, () => void say('b'))
  scheduler.at(10, () => void say('a'))
  scheduler.at(10, () => void say('a'))
  scheduler.at(5, () => seen.push('never')).cancel()
  await scheduler.runToEnd()
  assert.deepEqual(seen, ['a', 'a!', 'a', 'a!', 'b', 'b!'])
  assert.equal(scheduler.nowMs, 20)
})

test('events at the same time run in an order that depends on the seed', async () => {
  const orders = new Set<string>()
  for (let seed = 0; seed < 50; seed += 1) {
    const scheduler = new SimScheduler(seed)
    const seen: number[] = []
    for (let index = 0; index < 4; index += 1) scheduler.at(1, () => seen.push(index))
    await scheduler.runToEnd()
    orders.add(seen.join())
  }
  assert.ok(orders.size > 10, `${orders.size} orders`)
})

test('a run gives the outcome of its promise', async () => {
  const scheduler = new SimScheduler(2)
  const later = (value: number): Promise<number> =>
    new Promise((resolve) => {
      scheduler.at(100, () => resolve(value))
    })
  assert.equal(await scheduler.runUntil(later(1).then(() => later(42))), 42)
  assert.equal(scheduler.nowMs, 200)
  await assert.rejects(
    scheduler.runUntil(later(1).then(() => Promise.reject(new Error('no')))),
    /^Error: no$/,
  )
  await scheduler.runFor(50)
  assert.equal(scheduler.nowMs, 350)
})

test('a run that cannot go on says so, with its seed', async () => {
  const never = new Promise(() => {})
  await assert.rejects(new SimScheduler(77).runUntil(never), /nothing is left to happen.*seed 77/s)
  const busy = new SimScheduler(78)
  const again = (): void => void busy.at(1, again, 'again and again')
  again()
  await assert.rejects(busy.runUntil(never, { maxEvents: 10 }), /too many events.*seed 78.*again and again/s)
  await assert.rejects(busy.runUntil(never, { maxVirtualMs: 10 }), /too much time/)
  const broken = new SimScheduler(79)
  broken.at(1, () => assert.fail('broken'))
  await assert.rejects(
    broken.runToEnd(),
    (error) => error instanceof SimFailure && /broken.*seed 79/.test(error.message),
  )
})

test('chance is spread evenly, and forks are independent of each other', () => {
  const random = new SimRandom(5)
  const buckets = Array.from({ length: 16 }, () => 0)
  for (let index = 0; index < 16_000; index += 1) buckets[random.int(0, 15)] += 1
  for (const count of buckets) assert.ok(count > 850 && count < 1150, buckets.join())
  const parent = new SimRandom(6)
  const before = parent.fork('x').u32()
  parent.u32()
  assert.equal(parent.fork('x').u32(), before)
  assert.notEqual(parent.fork('y').u32(), before)
  assert.equal(new Set(Array.from({ length: 1000 }, (_, seed) => new SimRandom(seed).u32())).size, 1000)
})

test('the wall clock jumps, stands and drifts; the monotonic one goes on', async () => {
  const scheduler = new SimScheduler(3)
  const clock = new SimClock(scheduler)
  const seen = clock.forProcess(500)
  await scheduler.runFor(1000)
  assert.equal(seen.wallMs(), simEpochMs + 1000)
  clock.jumpWall(-3_600_000)
  assert.equal(seen.wallMs(), simEpochMs + 1000 - 3_600_000)
  clock.setRate(0)
  await scheduler.runFor(1000)
  assert.equal(seen.wallMs(), simEpochMs + 1000 - 3_600_000)
  clock.setRate(2)
  await scheduler.runFor(1000)
  assert.equal(seen.wallMs(), simEpochMs + 3000 - 3_600_000)
  assert.equal(seen.monotonicMs(), 3500)
})
