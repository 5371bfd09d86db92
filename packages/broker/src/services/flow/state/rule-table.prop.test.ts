import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { matchesTokens, parsePattern } from '@sluice/protocol/subject/pattern'
import { RuleTable, SubjectFilter, unlimited } from './rule-table.ts'

const token = fc.constantFrom('orders', 'premium', 'u1', 'é', '日本')
const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'))
const pattern = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 3 }), fc.boolean())
  .map(([tokens, isOpen]) => (isOpen ? [...tokens, '>'] : tokens).join('.'))
  .filter((text) => text !== '')

test('rules choose the literal one, else the smallest limit of all that match', () => {
  const rule = fc.record({ match: pattern, limit: fc.integer({ min: 1, max: 50 }) })
  fc.assert(
    fc.property(
      fc.uniqueArray(rule, { maxLength: 8, selector: ({ match }) => match }),
      subject,
      (rules, text) => {
        const table = new RuleTable(rules)
        const bytes = Buffer.from(`..${text}..`)
        table.match(bytes, 2, bytes.length - 2)
        const matching = rules.filter(({ match }) => matchesTokens(parsePattern(match), text.split('.')))
        const literal = matching.find(({ match }) => match === text)
        const expected = literal?.limit ?? Math.min(unlimited, ...matching.map(({ limit }) => limit))
        assert.equal(table.matchedLimit, expected)
        if (matching.length > 0) assert.equal(rules[table.matchedRule]?.limit, expected)
        else assert.equal(table.matchedRule, -1)
      },
    ),
  )
})

test('a filter matches bytes as patterns match text', () => {
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 4 }), subject, (patterns, text) => {
      const bytes = Buffer.from(text)
      const expected = patterns.some((one) => matchesTokens(parsePattern(one), text.split('.')))
      assert.equal(new SubjectFilter(patterns).matches(bytes, 0, bytes.length), expected)
    }),
  )
})

test('an opaque key is matched by > alone', () => {
  const opaque = Buffer.from('not a subject')
  for (const [text, expected] of [
    ['>', true],
    ['*', false],
    ['*.>', false],
  ] as const) {
    assert.equal(new SubjectFilter([text]).matches(opaque, 0, opaque.length), expected, text)
    assert.equal(new SubjectFilter([text]).matches(opaque, 0, -1), expected, `${text} of the null key`)
    const rules = new RuleTable([{ match: text, limit: 3 }])
    rules.match(opaque, 0, opaque.length)
    assert.equal(rules.matchedLimit, expected ? 3 : unlimited)
  }
})
