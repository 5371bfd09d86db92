// A member that held very much leaves: it all comes back, once, and others have their turn between.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takenBackPerRound } from './flow-coordinator.ts'
import { join, publishSubjects, startFlow } from './flow-life.fixture.ts'

const held = 2 * takenBackPerRound + 116

for (const [how, attempt] of [
  ['closed', 1],
  ['lost', 2],
] as const) {
  test(`${how}: what it held comes back piece by piece, each record once`, () =>
    startFlow(1, async (life) => {
      await life.streams.create('S', { partitions: 2, durability: 'memory' })
      await life.flow.create('S', 'c', { maxInflight: held, rules: [{ match: '>', limit: 2 }] })
      // Why in small batches: the cache of the test holds few, and records come back in another order.
      for (let from = 0; from < held; from += 100)
        await publishSubjects(
          life,
          Array.from({ length: 100 }, (_, index) => `s.${(from + index) >>> 1}`),
        )
      const first = join(life, 'c', held)
      while (first.deliveries.length < held) await life.sleep(10)
      first.membership.leave(how)
      const { inFlight } = life.flow.stats('S', 'c')
      assert.equal(inFlight, held - takenBackPerRound, 'one piece at once')
      const second = join(life, 'c', held)
      for (let look = 0; look < 100 && second.deliveries.length < held; look++) await life.sleep(10)
      await life.sleep(50)
      const again = new Set(second.deliveries.map(({ partition, offset }) => `${partition}/${offset}`))
      assert.deepEqual([second.deliveries.length, again.size], [held, held])
      assert.ok(second.deliveries.every((delivery) => delivery.attempt === attempt))
      const { released, timedOut, redelivered } = life.flow.stats('S', 'c')
      assert.deepEqual([released, timedOut], how === 'closed' ? [held, 0] : [0, held])
      assert.equal(redelivered, how === 'closed' ? 0 : held)
    }))
}

test('what is overdue all at once is taken back piece by piece, and nothing of it twice', () =>
  startFlow(2, async (life) => {
    await life.streams.create('S', { durability: 'memory' })
    await life.flow.create('S', 'c', {
      maxInflight: held,
      ackWaitMs: 1000,
      maxDeliver: 1,
      onExhausted: 'drop',
    })
    await publishSubjects(
      life,
      Array.from({ length: held }, (_, index) => `s.${index}`),
    )
    const received = join(life, 'c', held)
    while (received.deliveries.length < held) await life.sleep(10)
    await life.sleep(3000)
    const { timedOut, dropped, inFlight } = life.flow.stats('S', 'c')
    assert.deepEqual([timedOut, dropped, inFlight], [held, held, 0])
  }))
