// The grammar of subjects and patterns, and that text and bytes are judged alike.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BrokerError } from '../errors/broker-error.ts'
import { matchesTokens, parsePattern } from './pattern.ts'
import { isSubject, isSubjectBytes } from './subject.ts'

const encoder = new TextEncoder()

/**
 * Characters near every border of the grammar: dots, blanks of all kinds, wildcards, controls, other scripts.
 */
const border = 'aZ0-_..*>{} \t\n\v\f\r\0\x1f\x7f\u0085\u00a0\u1680\u2003\u2028\u3000\ufeffü漢😀\u200b\ufffd'
const edgy = fc.constantFrom(...Array.from(border))
const edgyText = fc.array(edgy, { maxLength: 30 }).map((characters) => characters.join(''))
const longText = fc.tuple(fc.constantFrom('a', 'ü', '漢', '😀', 'a.'), fc.integer({ min: 50, max: 260 }))

function bytesSay(text: string): boolean {
  const bytes = encoder.encode(`x${text}.`)
  return isSubjectBytes(bytes, 1, bytes.length - 1)
}

test('text and its UTF-8 are judged alike', () => {
  fc.assert(
    fc.property(edgyText, (text) => assert.equal(isSubject(text), bytesSay(text))),
    { numRuns: 3_000 },
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(isSubject(text), bytesSay(text))),
  )
})

test('text and its UTF-8 are judged alike near 255 bytes', () => {
  fc.assert(
    fc.property(longText, fc.constantFrom('', 'b', 'é'), ([unit, count], end) => {
      const text = unit.repeat(count) + end
      assert.equal(isSubject(text), bytesSay(text))
    }),
    { numRuns: 500 },
  )
  assert.equal(isSubject('a'.repeat(255)), true)
  assert.equal(isSubject('a'.repeat(256)), false)
  assert.equal(isSubject('ü'.repeat(127)), true)
  assert.equal(isSubject('ü'.repeat(128)), false)
})

test('bytes that are no UTF-8 are no subject, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const says = isSubjectBytes(bytes, 0, bytes.length)
      const text = Buffer.from(bytes).toString()
      const isText = Buffer.from(text).equals(bytes)
      assert.equal(says, isText && isSubject(text))
    }),
    { numRuns: 2_000 },
  )
})

test('a lone surrogate is no subject: it would be stored as another', () => {
  for (const text of ['\ud800', 'a.\udfff', '\ud83d.x']) assert.equal(isSubject(text), false)
  assert.equal(isSubject('\u{1f600}'), true)
})

for (const text of ['', '.', 'a.', '.a', 'a..b', 'a b', 'a.*', '>', 'a.{b}', 'a\u00a0b']) {
  test(`${JSON.stringify(text)} is no subject`, () => assert.equal(isSubject(text), false))
}

for (const text of [
  '',
  '.',
  'a..b',
  '>.a',
  'a.>.b',
  'a*',
  '*a',
  'a.{}',
  'a.{1x}',
  '{x}.{x}',
  'a b',
  '{x',
  'x'.repeat(256),
]) {
  test(`${JSON.stringify(text.slice(0, 20))} is no pattern`, () => {
    assert.throws(
      () => parsePattern(text),
      (error) => error instanceof BrokerError && error.code === 'invalid-pattern',
    )
  })
}

test('any text is parsed or refused as invalid-pattern', () => {
  fc.assert(
    fc.property(edgyText, (text) => {
      try {
        assert.equal(parsePattern(text).text, text)
      } catch (error) {
        assert.ok(error instanceof BrokerError && error.code === 'invalid-pattern', String(error))
      }
    }),
    { numRuns: 2_000 },
  )
})

/** The grammar as a regular expression: slow, and plainly right. */
function matchesPlainly(pattern: string, subject: string): boolean {
  const parts = pattern.split('.').map((token) => {
    if (token === '>') return '.+'
    if (token === '*' || token.startsWith('{')) return '[^.]+'
    return token
  })
  return new RegExp(`^${parts.join('\\.')}$`, 'u').test(subject)
}

const token = fc.constantFrom('a', 'b', 'orders', 'ü')
const subjects = fc.array(token, { minLength: 1, maxLength: 5 })
const patterns = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*'), fc.constant('{c}')), { maxLength: 4 }), fc.boolean())
  .map(([tokens, isOpen]) => [...tokens, ...(isOpen || tokens.length === 0 ? ['>'] : [])])
  .filter((tokens) => tokens.filter((part) => part === '{c}').length < 2)
  .map((tokens) => tokens.join('.'))

test('matching is what the grammar says', () => {
  fc.assert(
    fc.property(patterns, subjects, (pattern, tokens) => {
      const parsed = parsePattern(pattern)
      assert.equal(
        matchesTokens(parsed, tokens),
        matchesPlainly(pattern, tokens.join('.')),
        `${pattern} against ${tokens.join('.')}`,
      )
      assert.equal(parsed.isLiteral, !/[*>{]/.test(pattern))
      assert.deepEqual(
        parsed.captures.map(({ name }) => name),
        pattern.includes('{c}') ? ['c'] : [],
      )
    }),
    { numRuns: 2_000 },
  )
})

test('a literal pattern matches itself alone, and opaque records match `>` alone', () => {
  fc.assert(
    fc.property(subjects, subjects, (one, other) => {
      const pattern = parsePattern(one.join('.'))
      assert.equal(matchesTokens(pattern, other), one.join('.') === other.join('.'))
      assert.equal(matchesTokens(pattern, null), false)
    }),
  )
  assert.equal(matchesTokens(parsePattern('>'), null), true)
  assert.equal(matchesTokens(parsePattern('*'), null), false)
  assert.equal(matchesTokens(parsePattern('a.>'), null), false)
})
