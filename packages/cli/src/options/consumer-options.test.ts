// How an alteration changes rules, and that only what was named is sent.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alteredRules, consumerConfigOf } from './consumer-options.ts'

test('a rule of a known pattern is replaced, others are added, and the rest stays', () => {
  const current = [
    { match: 'a.>', limit: 1, weight: 4 },
    { match: 'b.>', limit: 2, total: 9 },
    { match: 'c.>', limit: 3 },
  ]
  assert.deepEqual(
    alteredRules(
      current,
      [
        { match: 'b.>', limit: 20 },
        { match: 'd', limit: 4, rate: { perSecond: 1, burst: 1 } },
      ],
      ['c.>'],
    ),
    [
      { match: 'a.>', limit: 1, weight: 4 },
      { match: 'b.>', limit: 20 },
      { match: 'd', limit: 4, rate: { perSecond: 1, burst: 1 } },
    ],
  )
})

test('what is not named is not in the configuration', () => {
  assert.deepEqual(consumerConfigOf({}), {})
  assert.deepEqual(consumerConfigOf({ ackWait: 0, backoff: [], onExhausted: 'block' }), {
    ackWaitMs: 0,
    backoffMs: [],
    onExhausted: 'block',
  })
})
