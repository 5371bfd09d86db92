// How an alteration changes rules, and that only what was named is sent.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alteredRules, consumerConfigOf } from './consumer-options.ts'

test('a rule of a known pattern is replaced, others are added, and the rest stays', () => {
  const current = [
    { match: 'a.>', limit: 1 },
    { match: 'b.>', limit: 2 },
    { match: 'c.>', limit: 3 },
  ]
  assert.deepEqual(
    alteredRules(
      current,
      [
        { match: 'b.>', limit: 20 },
        { match: 'd', limit: 4 },
      ],
      ['c.>'],
    ),
    [
      { match: 'a.>', limit: 1 },
      { match: 'b.>', limit: 20 },
      { match: 'd', limit: 4 },
    ],
  )
})

test('what is not named is not in the configuration', () => {
  assert.deepEqual(consumerConfigOf({}), {})
  assert.deepEqual(consumerConfigOf({ ackWait: 0, backoff: [] }), { ackWaitMs: 0, backoffMs: [] })
})
