import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runOpenLoop } from './open-loop.ts'
import type { Pace } from './open-loop.ts'
import { atPercentile, Latency } from './latency.ts'

/** Time that goes on only when somebody waits, or is told to. */
class TestPace implements Pace {
  now = 0

  nowMs(): number {
    return this.now
  }

  after(ms: number, callback: () => void): void {
    queueMicrotask(() => {
      this.now += Math.max(ms, 0.05)
      callback()
    })
  }
}

test('sends at the rate, in order, each told when it was due', async () => {
  const pace = new TestPace()
  const sent: { dueMs: number; index: number; nowMs: number }[] = []
  const send = (dueMs: number, index: number): void => void sent.push({ dueMs, index, nowMs: pace.now })
  const result = await runOpenLoop({ perSecond: 100, durationMs: 200, send }, pace)
  assert.equal(result.sentCount, 20)
  assert.deepEqual(
    sent.map(({ dueMs, index }) => [dueMs, index]),
    Array.from({ length: 20 }, (_, index) => [index * 10, index]),
  )
  for (const { dueMs, nowMs } of sent) {
    assert.ok(nowMs >= dueMs, `${dueMs} was sent at ${nowMs}, before it was due`)
    assert.ok(nowMs - dueMs < 0.2, `${dueMs} was sent at ${nowMs}`)
  }
})

test('after a stall everything that is overdue is sent, none of it left out', async () => {
  const pace = new TestPace()
  let lateCount = 0
  const send = (dueMs: number, index: number): void => {
    if (index === 10) pace.now += 500
    if (pace.now - dueMs > 1) lateCount++
  }
  const result = await runOpenLoop({ perSecond: 1000, durationMs: 1000, send }, pace)
  assert.equal(result.sentCount, 1000)
  assert.ok(result.latestMs >= 498, `the latest was late by ${result.latestMs} ms`)
  assert.ok(lateCount >= 498, `${lateCount} were late`)
})

test('a server that stalls once shows in the percentiles, as it would to its users', async () => {
  const pace = new TestPace()
  const fromDue = new Latency()
  const fromSend = new Latency()
  // One send in a thousand blocks the loader, as a server does that does not answer a client that waits.
  const send = (dueMs: number, index: number): void => {
    const sentMs = pace.now
    if (index % 1000 === 500) pace.now += 100
    fromDue.record(pace.now - dueMs)
    fromSend.record(pace.now - sentMs)
  }
  await runOpenLoop({ perSecond: 1000, durationMs: 4000, send }, pace)
  assert.ok(atPercentile(fromDue.summary(), 95) > 40, 'a tenth of all users have waited')
  assert.ok(atPercentile(fromSend.summary(), 95) < 1, 'timed from the send, nobody has')
})

test('ends early when it is told that it is enough', async () => {
  let sentCount = 0
  const plan = {
    perSecond: 1000,
    durationMs: 1000,
    send: (): void => void sentCount++,
    isEnough: (): boolean => sentCount >= 10,
  }
  const result = await runOpenLoop(plan, new TestPace())
  assert.ok(result.sentCount < 1000)
  assert.equal(result.sentCount, sentCount)
})

test('what sending throws ends the loop', async () => {
  const send = (): void => {
    throw new Error('no connection')
  }
  await assert.rejects(runOpenLoop({ perSecond: 10, durationMs: 100, send }, new TestPace()), /no connection/)
})

test('on the clock of the machine it takes the time that it should', async () => {
  const startMs = performance.now()
  const { sentCount } = await runOpenLoop({ perSecond: 500, durationMs: 100, send: () => {} })
  assert.equal(sentCount, 50)
  assert.ok(performance.now() - startMs >= 97, 'not faster than the rate')
})
