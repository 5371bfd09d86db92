// Every error has an exit code, and docs/operating/cli.md lists the codes that there are.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ERROR_CODES } from '@sluice/protocol/errors/error-codes'
import type { ErrorCode } from '@sluice/protocol/errors/error-codes'
import { exitCodeOf, exitCodes } from './exit-codes.ts'

const page = readFileSync(new URL('../../../docs/operating/cli.md', import.meta.url), 'utf8')

test('no error ends with 0', () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    assert.notEqual(exitCodeOf(code, ERROR_CODES[code].kind), exitCodes.ok, code)
  }
})

test('what is not there, what is in the way, what is broken', () => {
  const codeOf = (code: ErrorCode): number => exitCodeOf(code, ERROR_CODES[code].kind)
  assert.deepEqual(
    (
      [
        'unknown-stream',
        'unknown-consumer',
        'stream-exists',
        'no-server',
        'invalid-subject',
        'corrupt-log',
      ] as const
    ).map(codeOf),
    [3, 3, 4, 1, 2, 5],
  )
})

test('the page lists the exit codes', () => {
  const listed = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  assert.deepEqual(listed, Object.values(exitCodes))
})

test('the page names every command', async () => {
  const { commands } = await import('./commands/all-commands.ts')
  for (const { path } of commands) assert.ok(page.includes(`sluice ${path.join(' ')}`), path.join(' '))
})
