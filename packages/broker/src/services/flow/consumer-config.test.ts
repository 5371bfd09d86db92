import assert from 'node:assert/strict'
import test from 'node:test'
import type { ConsumerConfig } from '@sluice/protocol/model/consumer'
import {
  alteredConsumerConfig,
  checkConsumerName,
  consumerDifference,
  newConsumerConfig,
} from './consumer-config.ts'

test('what is not given has its default', () => {
  assert.deepEqual(newConsumerConfig('S', {}), {
    filter: ['>'],
    rules: [],
    maxInflight: 1000,
    ackWaitMs: 30_000,
    maxDeliver: 0,
    backoffMs: [],
    deadLetterStream: 'S.dlq',
    deliverFrom: 'all',
    ackPolicy: 'explicit',
    onExhausted: 'dead-letter',
  })
})

const valid = { match: 'a', limit: 1 }

function rated(perSecond: number, burst: number): object {
  return { ...valid, rate: { perSecond, burst } }
}

const refusals: readonly [what: string, given: object, code: string, text: RegExp][] = [
  ['a limit of 0', { rules: [{ match: 'a', limit: 0 }] }, 'invalid-rule', /limit/],
  ['a limit that is no integer', { rules: [{ match: 'a', limit: 1.5 }] }, 'invalid-rule', /limit/],
  ['a rule without a limit', { rules: [{ match: 'a' }] }, 'invalid-rule', /limit/],
  ['a rule with an unknown property', { rules: [{ match: 'a', limit: 1, pace: 2 }] }, 'invalid-rule', /pace/],
  ['a rule that is no pattern', { rules: [{ match: 'a..b', limit: 1 }] }, 'invalid-rule', /Rule 1.*a\.\.b/],
  [
    'two rules of one pattern',
    {
      rules: [
        { match: 'a', limit: 1 },
        { match: 'a', limit: 2 },
      ],
    },
    'invalid-rule',
    /1 and 2/,
  ],
  [
    'two rules whose captures differ in name alone',
    {
      rules: [
        { match: 'a.{tenant}.b', limit: 1 },
        { match: 'a.*.b', limit: 1 },
        { match: 'a.{who}.b', limit: 2 },
      ],
    },
    'invalid-rule',
    /Rules 1 and 3 .*'a\.\{tenant\}\.b'/,
  ],
  ['a second rule that is no object', { rules: [valid, 7] }, 'invalid-rule', /Rule 2: /],
  ['rules that are no list', { rules: 'a' }, 'invalid-rule', /rules/],
  ['a total below the limit', { rules: [{ ...valid, limit: 5, total: 4 }] }, 'invalid-rule', /Rule 1.*total/],
  ['a rate of nothing', { rules: [rated(0, 1)] }, 'invalid-rule', /Rule 1.*perSecond/],
  ['a negative rate', { rules: [rated(-1, 1)] }, 'invalid-rule', /Rule 1.*perSecond/],
  ['a burst of nothing', { rules: [rated(1, 0)] }, 'invalid-rule', /Rule 1.*burst/],
  ['a rate without a burst', { rules: [{ ...valid, rate: { perSecond: 1 } }] }, 'invalid-rule', /burst/],
  ['a weight of 0', { rules: [{ ...valid, weight: 0 }] }, 'invalid-rule', /Rule 1.*weight/],
  ['an unknown place to begin', { deliverFrom: 'newest' }, 'invalid-consumer-config', /deliverFrom.*newest/],
  ['a negative offset', { deliverFrom: { fromOffset: -1 } }, 'invalid-consumer-config', /fromOffset/],
  [
    'two places',
    { deliverFrom: { fromOffset: 1, fromTime: '2026-01-01' } },
    'invalid-consumer-config',
    /deliv/,
  ],
  ['a time that is none', { deliverFrom: { fromTime: 'noon' } }, 'invalid-consumer-config', /fromTime/],
  [
    'a time without a zone',
    { deliverFrom: { fromTime: '2026-01-01T10:00' } },
    'invalid-consumer-config',
    /fromTime/,
  ],
  ['a day that is none', { deliverFrom: { fromTime: '2026-13-01' } }, 'invalid-consumer-config', /fromTime/],
  ['an unknown ack policy', { ackPolicy: 'some' }, 'invalid-consumer-config', /ackPolicy.*"none"/],
  ['an unknown end', { onExhausted: 'retry' }, 'invalid-consumer-config', /onExhausted.*"block"/],
  ['rules where nothing is in flight', { ackPolicy: 'none', rules: [valid] }, 'invalid-rule', /Rule 1.*none/],
  [
    'attempts where none fails',
    { ackPolicy: 'none', maxDeliver: 3 },
    'invalid-consumer-config',
    /maxDeliver/,
  ],
  ['waits where none fails', { ackPolicy: 'none', backoffMs: [1] }, 'invalid-consumer-config', /backoffMs/],
  [
    'an end where none comes',
    { ackPolicy: 'none', onExhausted: 'drop' },
    'invalid-consumer-config',
    /onExha/,
  ],
  ['a filter that is no pattern', { filter: ['a.>.b'] }, 'invalid-pattern', />/],
  ['an empty filter', { filter: [] }, 'invalid-consumer-config', /filter/],
  ['a negative wait', { ackWaitMs: -1 }, 'invalid-consumer-config', /ackWaitMs/],
  ['a wait as text', { ackWaitMs: '30s' }, 'invalid-consumer-config', /ackWaitMs/],
  ['nothing in flight', { maxInflight: 0 }, 'invalid-consumer-config', /maxInflight/],
  ['an unknown property', { maxInFlight: 3 }, 'invalid-consumer-config', /maxInFlight/],
  ['its own stream for dead letters', { deadLetterStream: 'S' }, 'dead-letter-loop', /deadLetterStream/],
  [
    'a dead-letter stream without a name',
    { deadLetterStream: 'a b' },
    'invalid-stream-name',
    /'deadLetterStream' is "a b"/,
  ],
]

for (const [what, given, code, text] of refusals) {
  test(`refuses ${what} as ${code}`, () => {
    const config = given as Partial<ConsumerConfig>
    assert.throws(() => newConsumerConfig('S', config), { code, message: text })
    const isBeginning = 'deliverFrom' in given || 'ackPolicy' in given
    if (isBeginning) return
    assert.throws(() => alteredConsumerConfig('S', newConsumerConfig('S', {}), config), { code })
  })
}

test('rules with all that they may have are taken, in one order of properties', () => {
  const rules = [
    { weight: 3, rate: { burst: 1, perSecond: 0.5 }, total: 7, limit: 7, match: 'a.{tenant}.>' },
    { match: 'a.*.>', limit: 2 },
  ]
  const config = newConsumerConfig('S', { rules })
  assert.deepEqual(config.rules, rules)
  assert.equal(consumerDifference(config, newConsumerConfig('S', { rules: [...config.rules] })), undefined)
  assert.deepEqual(Object.keys(config.rules[0]!), ['match', 'limit', 'total', 'rate', 'weight'])
})

test('where it begins and what settles cannot be altered, but may be said again', () => {
  const config = newConsumerConfig('S', { deliverFrom: { fromOffset: 3 }, ackPolicy: 'all' })
  const refused = { code: 'invalid-consumer-config', message: /cannot be altered/ }
  assert.throws(() => alteredConsumerConfig('S', config, { deliverFrom: 'new' }), refused)
  assert.throws(() => alteredConsumerConfig('S', config, { deliverFrom: { fromOffset: 4 } }), refused)
  assert.throws(() => alteredConsumerConfig('S', config, { ackPolicy: 'none' }), refused)
  const same = { deliverFrom: { fromOffset: 3 }, ackPolicy: 'all', maxInflight: 2 } as const
  assert.equal(alteredConsumerConfig('S', config, same).maxInflight, 2)
})

test('places to begin are taken as they are given', () => {
  const places = ['all', 'new', 'last', 'last-per-subject', { fromOffset: 0 }] as const
  for (const deliverFrom of [...places, { fromTime: '2026-01-01T10:00:00.5+02:00' }]) {
    assert.deepEqual(newConsumerConfig('S', { deliverFrom }).deliverFrom, deliverFrom)
  }
})

test('names are those of streams', () => {
  for (const name of ['', '.', '..', 'a b', 'a/b', 'x'.repeat(201)]) {
    assert.throws(() => checkConsumerName(name), { code: 'invalid-consumer-name' })
  }
  checkConsumerName('gateway-1.eu_west')
})

test('the first difference is named', () => {
  const config = newConsumerConfig('S', {})
  assert.equal(consumerDifference(config, newConsumerConfig('S', {})), undefined)
  assert.match(consumerDifference(config, { ...config, maxInflight: 7 })!, /'maxInflight' is 1000, not 7/)
})

test('a stream whose name leaves no room for .dlq needs a name for its dead letters', () => {
  const [short, long] = ['s'.repeat(196), 's'.repeat(197)]
  assert.equal(newConsumerConfig(short, {}).deadLetterStream, `${short}.dlq`)
  assert.throws(() => newConsumerConfig(long, {}), {
    code: 'invalid-consumer-config',
    message: /^'deadLetterStream' must be set: s+\.dlq, its default, is too long/,
  })
  const config = newConsumerConfig(long, { deadLetterStream: 'letters' })
  assert.equal(config.deadLetterStream, 'letters')
  assert.equal(alteredConsumerConfig(long, config, { maxInflight: 5 }).maxInflight, 5)
})
