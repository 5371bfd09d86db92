import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isInstalled, missingProgram } from './system-programs.ts'

const needs = (program: string) => [{ suites: 'tests/compat/**', program, debianPackage: program }]

test('node is installed, a made-up program is not', () => {
  assert.equal(isInstalled('node'), true)
  assert.equal(isInstalled('no-such-program-1'), false)
})

test('only the suites that need a program miss it', () => {
  const table = needs('no-such-program-1')
  assert.equal(missingProgram('tests/compat/a.test.ts', table), table[0])
  assert.equal(missingProgram('tests/e2e/a.test.ts', table), undefined)
  assert.equal(missingProgram('tests/compat/a.test.ts', needs('node')), undefined)
})
