// A few rounds of `npm run faults`: nothing confirmed is lost, nothing settled returns, no limit is exceeded
// and nothing starves, whatever happens to broker, disk and connections. CI's script runs many more.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { runFaults } from './harness/fault-rounds.ts'

const rounds = 6
const seed = 20_261_120

test(`${rounds} rounds of faults, each with kill -9`, { timeout: 240_000 }, async (t) => {
  const { violations, summary } = await runFaults({ rounds, seed })
  t.diagnostic(`seed ${seed}: ${summary}`)
  const said = violations.map(({ promise, text }) => `${promise}: ${text}`)
  assert.deepEqual(
    said.slice(0, 10),
    [],
    `${said.length} broken; npm run faults -- --rounds ${rounds} --seed ${seed}`,
  )
})

const program = new URL('harness/faults.ts', import.meta.url).pathname

test('who asks how to run it, or asks for what there is not, is told', () => {
  const run = (argument: string): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [program, argument], { encoding: 'utf8' })
  const help = run('--help')
  assert.deepEqual([help.status, help.stderr], [0, ''])
  assert.match(help.stdout, /^npm run faults -- .*--rounds N/s)
  const wrong = run('--nope')
  assert.deepEqual([wrong.status, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, /^Unknown option '--nope'.*\n\nnpm run faults -- /)
})
