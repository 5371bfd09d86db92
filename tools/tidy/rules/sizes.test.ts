import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { sizes } from './sizes.ts'

const lines = (count: number): string => '// x\n'.repeat(count)
const FILE = 'packages/broker/src/log/log.ts'

function found(path: string, text: string): string[] {
  return findingsIn({ [path]: text }, ...sizes)
}

test('a source file fails at 600 lines, a test file at 1500', () => {
  assert.deepEqual(found(FILE, lines(599)), [])
  assert.deepEqual(found(FILE, lines(600)), [`${FILE}:1 file-length`])
  assert.deepEqual(found('tests/a.test.ts', lines(1499)), [])
  assert.deepEqual(found('tests/a.test.ts', lines(1500)), ['tests/a.test.ts:1 file-length'])
})

test('a function fails at 70 lines, wherever it is written', () => {
  assert.deepEqual(found(FILE, `function f() {\n${lines(67)}}\n`), [])
  assert.deepEqual(found(FILE, `\nfunction f() {\n${lines(68)}}\n`), [`${FILE}:2 function-length`])
  assert.deepEqual(found(FILE, `class A {\n  f() {\n${lines(68)}}\n}\n`), [`${FILE}:2 function-length`])
  assert.deepEqual(found(FILE, `const f = () => {\n${lines(68)}}\n`), [`${FILE}:1 function-length`])
})

test('a describe block is a heading, not a function', () => {
  assert.deepEqual(found('tests/a.test.ts', `describe('x', () => {\n${lines(80)}})\n`), [])
  assert.deepEqual(found('tests/a.test.ts', `test('x', () => {\n${lines(80)}})\n`), [
    'tests/a.test.ts:1 function-length',
  ])
})

test('at most four parameters', () => {
  assert.deepEqual(found(FILE, 'function f(a, b, c, d) {}'), [])
  assert.deepEqual(found(FILE, 'class A {\n  constructor(a, b, c, d, e) {}\n}'), [`${FILE}:2 parameters`])
})

test('at most fifteen fields of an instance', () => {
  const fields = (count: number): string => Array.from({ length: count }, (_, i) => `  f${i} = 0\n`).join('')
  assert.deepEqual(found(FILE, `class A {\n  static x = 1\n${fields(15)}}`), [])
  assert.deepEqual(found(FILE, `class A {\n${fields(16)}}`), [`${FILE}:1 class-fields`])
})

test('at most fifteen imported files, each counted once', () => {
  const imports = (count: number): string =>
    Array.from({ length: count }, (_, i) => `import type { T${i} } from './f${i}.ts'\n`).join('')
  assert.deepEqual(found(FILE, `${imports(15)}import { v } from './f1.ts'\n`), [])
  assert.deepEqual(found(FILE, imports(16)), [`${FILE}:1 file-imports`])
})

test('at most 110 columns', () => {
  assert.deepEqual(found(FILE, `// ${'x'.repeat(107)}`), [])
  assert.deepEqual(found(FILE, `\n// ${'x'.repeat(108)}`), [`${FILE}:2 line-width`])
})

test('generated files are exempt', () => {
  assert.deepEqual(found('packages/protocol/src/kafka/generated/fetch.ts', lines(700)), [])
})
