// Rules and partitions that are added at the same time: one of the two is refused, since limits would not
// hold.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFlow } from './flow-life.fixture.ts'
import type { FlowLife } from './flow-life.fixture.ts'

const rules = [{ match: '>', limit: 1 }]

/** Lets both begin in one order, then in the other; of each pair exactly one succeeds. */
async function onlyOne(life: FlowLife, addRules: (stream: string) => Promise<unknown>): Promise<void> {
  for (const [index, isGrowthFirst] of [true, false, true, false].entries()) {
    const stream = `S${index}`
    await life.streams.create(stream, {})
    await life.flow.create(stream, 'plain', {})
    const grow = (): Promise<unknown> => life.streams.alter(stream, { partitions: 2 })
    const both = isGrowthFirst ? [grow(), addRules(stream)] : [addRules(stream), grow()]
    const outcomes = await Promise.allSettled(both)
    const codes = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : [],
    )
    assert.equal(codes.length, 1, `${stream}: ${codes.join()}`)
    assert.ok(codes[0] === 'invalid-rule' || codes[0] === 'invalid-stream-config', codes[0])
  }
}

test('a consumer that is made with rules while its stream is given partitions', () =>
  startFlow(1, (life) => onlyOne(life, (stream) => life.flow.create(stream, 'c', { rules }))))

test('the same where its beginning has to be looked for', () =>
  startFlow(2, (life) =>
    onlyOne(life, (stream) => life.flow.create(stream, 'c', { rules, deliverFrom: 'last' })),
  ))

test('a consumer that is altered to have rules while its stream is given partitions', () =>
  startFlow(3, (life) => onlyOne(life, (stream) => life.flow.alter(stream, 'plain', { rules }))))
