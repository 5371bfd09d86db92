import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { compileTopicPattern } from './topic-pattern.ts'

const longName = 'a'.repeat(200)

function check(source: string, expected: Readonly<Record<string, boolean>>): void {
  const pattern = compileTopicPattern(source)
  assert.ok(pattern !== undefined, `${source} is a pattern`)
  assert.equal(pattern.source, source)
  for (const [topic, isMatch] of Object.entries(expected)) {
    assert.equal(pattern.matches(topic), isMatch, `${source} on ${topic}`)
  }
}

describe('a pattern', () => {
  test('matches whole names only', () => {
    check('orders', { orders: true, 'orders.eu': false, 'my-orders': false, Orders: false })
    check('orders|orders-eu', { orders: true, 'orders-eu': true, 'orders-us': false })
    check('^orders.*$', { orders: true, 'orders.eu': true, 'my-orders': false })
    check('', { '': true, orders: false })
    check('.*', { '': true, orders: true, __internal: true })
  })

  test('is in the syntax of RE2', () => {
    check('(?i)ORDERS[._-]\\d{2,3}', { 'orders-07': true, Orders_123: true, 'orders-7': false })
    check('\\Qa.b\\E', { 'a.b': true, axb: false })
    check('[[:alpha:]]+-[^-]{2}', { 'ab-12': true, 'ab-1-': false, '1-12': false })
    check('[]x[]+', { ']x[': true, y: false })
    check('(?P<region>eu|us)\\.(?:\\pL|\\x{64})+', { 'eu.d': true, 'us.é': true, 'uk.d': false })
    check('[a-zA-Z0-9._-]{1,200}', { 'orders.eu': true, 'a b': false })
    check('a{,2}', { 'a{,2}': true, aa: false })
  })

  test('that is none is refused', () => {
    const wrong = ['(', ')', 'a)', '[a', '*', 'a**', '\\', 'a{2}{3}', 'a{2,1}', 'a{1001}', '(?=a)', '(?<=a)b']
    for (const source of [...wrong, '(a)\\1', '\\pX', '(?P<a>a)(?P<a>b)', 'a++', '(?>a)', '[b-a]', '\\xZZ']) {
      assert.equal(compileTopicPattern(source), undefined, source)
    }
  })
})

describe('a hostile pattern', () => {
  test('is answered in time linear in the name', () => {
    check('(a+)+$', { [longName]: true, [`${longName}!`]: false })
    check('(a*)*(a*)*(a*)*b', { [longName]: false, [`${longName}b`]: true })
    check('(a|aa)+(a|a?)+c', { [longName]: false })
  })

  test('is refused when it is long, or comes to much when its repetitions are written out', () => {
    const filled = (part: string): string => part.repeat(Math.floor(1024 / part.length))
    assert.notEqual(compileTopicPattern('a'.repeat(1024)), undefined)
    assert.notEqual(compileTopicPattern('(ab){300}'), undefined)
    const hostile = [
      'a'.repeat(1025),
      'x{1000}{1000}',
      '((x{1000}){1000}){1000}',
      '(x{10}){10}(x{1000}){2}',
      '(ab){400}',
    ]
    hostile.push(filled('.{1000}'), filled('(.?){1000}'), filled('(a{10}){100}'), filled('(?i)(\\pL){1000}'))
    hostile.push(`(${'a'.repeat(900)}){1000}`, `(${'a'.repeat(900)}[)]){1000}`, '(\\Q)\\Eabc[]{1)]{9}){1000}')
    hostile.push(`${'('.repeat(400)}a${'){2}'.repeat(156)}`)
    for (const source of hostile) assert.equal(compileTopicPattern(source), undefined, source.slice(0, 40))
  })

  test('never comes to more than its bound allows, whatever it is made of', () => {
    const parts = [
      'a',
      '.',
      '\\pL',
      '[a-z]',
      '[^)]',
      '[](]',
      '[[:^alpha:](]',
      '(',
      '(?:',
      '(?i)',
      ')',
      ')',
      '|',
    ]
    parts.push(
      '?',
      '*',
      '+',
      '{3}',
      '{1,40}',
      '{300}',
      '{999}',
      '{2,}',
      '\\)',
      '\\(',
      '\\Q(\\E',
      '\\x{41}',
      '{,3}',
      '[\\]',
    )
    let compiledCount = 0
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 14, size: 'max' }), (chosen) => {
        const source = chosen.join('')
        if (compileTopicPattern(source) === undefined) return
        compiledCount++
        assert.ok(RE2JS.compile(source).programSize() < 3 * 1024 + 16, source)
      }),
      { numRuns: 4000 },
    )
    assert.ok(compiledCount > 100, `${compiledCount} patterns`)
  })
})
