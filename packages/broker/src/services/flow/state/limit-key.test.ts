import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LimitKey } from './limit-key.ts'

test('captures stand where the key names them, in whatever order the rule captured them', () => {
  const key = new LimitKey('limits.{user}.of.{tenant}', ['tenant', 'user'])
  assert.equal(key.keyOf(['acme', 'ann']), 'limits.ann.of.acme')
})

test('a key without captures is one for all pools', () => {
  const key = new LimitKey('limits.all', ['tenant'])
  assert.equal(key.keyOf(['acme']), 'limits.all')
})

test('what is no key is refused with the reason', () => {
  const refusals: [string, RegExp][] = [
    ['limits.{user}', /does not capture \{user\}/],
    ['limits.*', /'\*' says nothing/],
    ['limits.>', /'>' says nothing/],
    ['limits..x', /token 2 is ''/],
    ['', /it is empty/],
  ]
  for (const [text, message] of refusals) {
    assert.throws(() => new LimitKey(text, ['tenant']), { code: 'invalid-rule', message })
  }
})
