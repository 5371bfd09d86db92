import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { DEBIAN_PYTHON, isInstalled, isPresent, missingProgram, nameOf } from './system-programs.ts'

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

test('a module of Python is present when the system Python can import it', () => {
  assert.equal(isPresent({ pythonModule: 'no_such_module_1' }), false)
  assert.equal(nameOf({ pythonModule: 'no_such_module_1' }), "Python's no_such_module_1")
  const table = [{ suites: 'tests/compat/**', pythonModule: 'no_such_module_1', debianPackage: 'python3-x' }]
  assert.equal(missingProgram('tests/compat/a.test.ts', table), table[0])
})

test('a module that Python brings itself is present', { skip: !existsSync(DEBIAN_PYTHON) }, () => {
  assert.equal(isPresent({ pythonModule: 'json' }), true)
})
