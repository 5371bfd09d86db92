// A partition in memory whose leader has died begins another life: its consumers begin anew in it, and what
// they had of the old one counts no more.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acked, join, publishSubjects, startFlow } from './flow-life.fixture.ts'
import type { FlowLife, Received } from './flow-life.fixture.ts'

/** A consumer of a stream with two records out and one parked, whose partition has then begun anew, empty. */
async function begunAnew(life: FlowLife): Promise<Received> {
  const { streams, flow } = life
  await streams.create('S', { durability: 'memory' })
  await streams.create('other', { durability: 'memory' })
  await flow.create('S', 'c', { rules: [{ match: '{tenant}.>', limit: 1 }] })
  const received = join(life, 'c')
  await publishSubjects(life, ['a.1', 'a.2', 'b.1'])
  await life.sleep(50)
  assert.deepEqual(
    received.deliveries.map(({ offset }) => offset),
    [0, 2],
  )
  const stream = streams.require('S')
  stream.changed(stream.config, streams.require('other').partitions)
  received.deliveries.length = 0
  return received
}

function offsets({ deliveries }: Received): number[] {
  return deliveries.map(({ offset }) => offset)
}

test('what was out of the old life takes no slot in the new one, nor of a member', () =>
  startFlow(1, async (life) => {
    const received = await begunAnew(life)
    assert.deepEqual(life.flow.stats('S', 'c').inFlight, 0)
    await publishSubjects(life, ['a.3', 'a.4'])
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0])
    await acked(received)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 1])
  }))

test('rules that are altered afterwards hold, and nobody waits for the old life', () =>
  startFlow(2, async (life) => {
    const received = await begunAnew(life)
    await publishSubjects(life, ['a.3', 'a.4', 'a.5'])
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0])
    await life.flow.alter('S', 'c', { rules: [{ match: '{tenant}.>', limit: 2 }] })
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 1])
    await acked(received)
    await life.sleep(50)
    assert.deepEqual(offsets(received), [0, 1, 2])
  }))
