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
  })
})

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
  ['a capture', { rules: [{ match: 'a.{tenant}', limit: 1 }] }, 'invalid-rule', /capture/],
  ['a filter that is no pattern', { filter: ['a.>.b'] }, 'invalid-pattern', />/],
  ['an empty filter', { filter: [] }, 'invalid-consumer-config', /filter/],
  ['a negative wait', { ackWaitMs: -1 }, 'invalid-consumer-config', /ackWaitMs/],
  ['a wait as text', { ackWaitMs: '30s' }, 'invalid-consumer-config', /ackWaitMs/],
  ['nothing in flight', { maxInflight: 0 }, 'invalid-consumer-config', /maxInflight/],
  ['an unknown property', { maxInFlight: 3 }, 'invalid-consumer-config', /maxInFlight/],
  [
    'its own stream for dead letters',
    { deadLetterStream: 'S' },
    'invalid-consumer-config',
    /deadLetterStream/,
  ],
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
    assert.throws(() => alteredConsumerConfig('S', newConsumerConfig('S', {}), config), { code })
  })
}

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
