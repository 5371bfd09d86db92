import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyAllowances } from './allowances.ts'
import type { Finding } from './finding.ts'

const long = (measure: number): Finding => ({
  file: 'a.ts',
  line: 1,
  rule: 'file-length',
  message: '',
  measure,
})
const layer: Finding = { file: 'a.ts', line: 1, rule: 'layer', message: '' }

test('what is allowed is silent, what is more is not', () => {
  assert.deepEqual(applyAllowances([long(700)], { 'file-length': { 'a.ts': 700 } }), [])
  assert.deepEqual(applyAllowances([long(701)], { 'file-length': { 'a.ts': 700 } }), [long(701)])
  assert.deepEqual(applyAllowances([long(700)], { 'file-length': { 'b.ts': 0 } }), [long(700)])
})

test('rules that do not measure are allowed by the number of findings', () => {
  assert.deepEqual(applyAllowances([layer, layer], { layer: { 'a.ts': 2 } }), [])
  assert.equal(applyAllowances([layer, layer, layer], { layer: { 'a.ts': 2 } }).length, 3)
})

test('an allowance that is larger than needed is a finding of its own', () => {
  const [loose, ...others] = applyAllowances([long(650)], { 'file-length': { 'a.ts': 700 } })
  assert.equal(loose?.rule, 'allowances')
  assert.deepEqual(others, [])
  assert.equal(applyAllowances([], { layer: { 'a.ts': 1 } }).length, 1)
})
