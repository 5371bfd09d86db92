import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn } from '../planted-tree.ts'
import { errorCodes } from './error-codes.ts'

const REGISTRY = 'packages/protocol/src/errors/error-codes.ts'
const PAGE = 'docs/operating/errors.md'
const CODES = "export const ERROR_CODES = { internal: 1, 'disk-full': row(2) } as const satisfies Codes"

function found(page: string): string[] {
  return findingsIn({ [REGISTRY]: CODES, [PAGE]: page }, errorCodes)
}

test('the page lists exactly the codes', () => {
  assert.deepEqual(found('| `internal` | x |\n| `disk-full` | y |\n'), [])
  assert.deepEqual(found('| `internal` | x |\n'), [`${REGISTRY}:1 error-code`])
  assert.deepEqual(found('| `internal` | x |\n| `disk-full` | y |\n| `gone` | z |\n'), [
    `${PAGE}:3 error-code`,
  ])
})

test('a missing page and an unreadable registry are found; no registry is fine', () => {
  assert.deepEqual(findingsIn({ [REGISTRY]: CODES }, errorCodes), [`${PAGE}:1 error-code`])
  assert.deepEqual(findingsIn({ [REGISTRY]: 'export const X = {}' }, errorCodes), [
    `${REGISTRY}:1 error-code`,
  ])
  assert.deepEqual(findingsIn({ 'README.md': '' }, errorCodes), [])
})
