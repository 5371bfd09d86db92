import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { BytePattern } from './byte-pattern.ts'
import { matchesTokens, parsePattern } from './pattern.ts'

const token = fc.constantFrom('a', 'b', 'aa', 'ab', 'é', '日本')
const subject = fc.array(token, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join('.'))
const pattern = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*'), fc.constant('{x}')), { maxLength: 4 }), fc.boolean())
  .filter(
    ([tokens, isOpen]) =>
      (tokens.length > 0 || isOpen) && tokens.indexOf('{x}') === tokens.lastIndexOf('{x}'),
  )
  .map(([tokens, isOpen]) => (isOpen ? [...tokens, '>'] : tokens).join('.'))

test('bytes are matched as text is', () => {
  fc.assert(
    fc.property(pattern, subject, (patternText, subjectText) => {
      const bytes = Buffer.from(`.${subjectText}.`)
      const expected = matchesTokens(parsePattern(patternText), subjectText.split('.'))
      const actual = new BytePattern(patternText).matches(bytes, 1, bytes.length - 1)
      assert.equal(actual, expected, `${patternText} and ${subjectText}`)
    }),
    { numRuns: 2000 },
  )
})
