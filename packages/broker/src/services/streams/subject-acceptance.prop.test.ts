import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchesTokens, parsePattern } from '@sluice/protocol/subject/pattern'
import { SubjectAcceptance } from './subject-acceptance.ts'

const word = fc.constantFrom('a', 'b', 'ab', 'abc', 'é', '日本')
const subject = fc.array(word, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join('.'))
const pattern = fc
  .tuple(fc.array(fc.oneof(word, fc.constant('*')), { maxLength: 4 }), fc.boolean())
  .filter(([tokens, endsOpen]) => tokens.length > 0 || endsOpen)
  .map(([tokens, endsOpen]) => [...tokens, ...(endsOpen ? ['>'] : [])].join('.'))

test('on bytes it decides as the patterns do on tokens', () => {
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 4 }),
      subject,
      fc.nat(3),
      (patterns, text, pad) => {
        const expected = patterns.some((each) => matchesTokens(parsePattern(each), text.split('.')))
        const key = new TextEncoder().encode(text)
        const bytes = new Uint8Array(key.length + pad * 2).fill(0x2e)
        bytes.set(key, pad)
        assert.equal(new SubjectAcceptance(patterns).accepts(bytes, pad, pad + key.length), expected)
      },
    ),
    { numRuns: 2000 },
  )
})

test('a pattern for everything makes it open', () => {
  assert.equal(new SubjectAcceptance(['a.>', '>']).isOpen, true)
  assert.equal(new SubjectAcceptance(['a.>']).isOpen, false)
})
