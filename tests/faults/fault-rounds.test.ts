// A few rounds of `npm run faults`: nothing confirmed is lost, nothing settled returns, no limit is exceeded
// and nothing starves, whatever happens to broker, disk and connections. CI's script runs many more.

import assert from 'node:assert/strict'
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
