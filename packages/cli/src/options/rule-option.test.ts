// What a rule on the command line means, what is refused, and that what is shown can be given back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FlowRule } from '@sluice/client'
import { InvalidArgumentError } from 'commander'
import { ruleText } from '../output/rule-text.ts'
import { rule } from './rule-option.ts'

test('a short rule is a pattern and a limit, parted by the last =', () => {
  assert.deepEqual(rule('orders.premium.>=30'), { match: 'orders.premium.>', limit: 30 })
  assert.deepEqual(rule('a=b.*=1'), { match: 'a=b.*', limit: 1 })
  assert.deepEqual(rule('a.*=1 weight=3'), { match: 'a.*', limit: 1, weight: 3 })
})

test('words in any order, rates of a second, a minute and an hour', () => {
  const full = {
    match: 'orders.*.{tenant}.>',
    limit: 5,
    total: 50,
    rate: { perSecond: 10, burst: 20 },
    weight: 2,
  }
  assert.deepEqual(rule('orders.*.{tenant}.> limit=5 total=50 rate=10/s burst=20 weight=2'), full)
  assert.deepEqual(rule('  orders.*.{tenant}.>  weight=2 burst=20 rate=600/m total=50 limit=5 '), full)
  assert.deepEqual(rule('{tenant}.> limit=1 rate=1800/h').rate, { perSecond: 0.5, burst: 1 })
  assert.deepEqual(rule('a=b.* limit=1'), { match: 'a=b.*', limit: 1 })
})

test('a limit that is read live from a bucket', () => {
  const live = { match: 'o.{t}.>', limit: { bucket: 'LIMITS', key: 'limits.{t}', default: 5 }, total: 9 }
  assert.deepEqual(rule('o.{t}.> limit=LIMITS:limits.{t}:5 total=9'), live)
  assert.deepEqual(rule(JSON.stringify(live)), live)
  const colons = { bucket: 'B', key: 'a:b', default: 1 }
  assert.deepEqual(rule('o.> limit=B:a:b:1'), { match: 'o.>', limit: colons })
})

test('JSON is the rule itself', () => {
  const full: FlowRule = { match: '{t}.>', limit: 2, rate: { perSecond: 0.5, burst: 3 } }
  assert.deepEqual(rule(` ${JSON.stringify(full)}`), full)
})

const refused: readonly (readonly [string, RegExp])[] = [
  ['orders.>', /no limit/],
  ['=1', /empty/],
  ['orders.>=', /'limit'/],
  ['orders.>=0', /'limit': It must be a whole number from 1/],
  ['orders.>=1000001', /'limit'/],
  ['orders..x=1', /token 2/],
  ['a.>.b=1', /token 2/],
  ['a.> limit=x', /'limit'/],
  ['a.> limit=B:k', /'limit'/],
  ['a.> limit=B:k:0', /'limit'/],
  ['{"match":"a","limit":"5"}', /"limit"/],
  ['a.> limit=1 total=0', /'total'/],
  ['a.> limit=1 weight=1.5', /'weight'/],
  ['a.> limit=1 pace=2', /'pace=2' is none of limit, total/],
  ['a.> limit=1 limit=2', /said twice/],
  ['a.> limit=1 burst=2', /add rate/],
  ['a.> limit=1 rate=10', /no rate/],
  ['a.> limit=1 rate=0/s', /no rate/],
  ['a.> limit=1 rate=10/d', /no rate/],
  ['{"match":"a"', /no JSON/],
  ['{"match":"a"}', /"limit"/],
  ['{"limit":1}', /"match"/],
  ['{}', /"match"/],
  ['{"match":"a..b","limit":1}', /token 2/],
]

for (const [text, message] of refused) {
  test(`refused: ${text}`, () => {
    assert.throws(
      () => rule(text),
      (error: unknown) => error instanceof InvalidArgumentError && message.test(error.message),
    )
  })
}

test('what is shown is what can be given', () => {
  const rules: readonly FlowRule[] = [
    { match: 'a=b.>', limit: 1 },
    { match: '{t}.>', limit: 1, total: 7 },
    { match: '{t}.>', limit: { bucket: 'B', key: 'k.{t}', default: 3 } },
    { match: 'a.{t}', limit: 1_000_000, rate: { perSecond: 0.25, burst: 1 }, weight: 9 },
  ]
  for (const one of rules) assert.deepEqual(rule(ruleText(one)), one)
})
