// kill -9 at random moments, again and again on the same log: what the process said was confirmed is there.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { realIo } from '../io/real-io.ts'
import { runAndKill } from './log-kill.fixture.ts'
import { Log } from './log.ts'
import { logOptions, readAll, seededRandom } from './log.fixture.ts'

const child = join(import.meta.dirname, 'log-kill.child.ts')
const rounds = 15

for (const how of ['buffered', 'direct'])
  test(`what a killed process confirmed is there (${how}, ${rounds} kills)`, () => killAgainAndAgain(how))

async function killAgainAndAgain(how: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-kill-'))
  const random = seededRandom(Date.now())
  try {
    let confirmed = 0
    for (let round = 0; round < rounds; round++) {
      const [started, ...lines] = await runAndKill([child, `${directory}/log`, how], random(60))
      const [, logEnd, quarantined] = started.split(' ').map(Number)
      assert.equal(logEnd >= confirmed, true, `${confirmed} were confirmed, and it started at ${logEnd}`)
      assert.equal(quarantined, 0)
      for (const line of lines) confirmed = Number(line.split(' ')[1])
    }
    assert.equal(confirmed > rounds, true)
    const log = await Log.open(realIo(), `${directory}/log`, logOptions())
    const records = await readAll(log, 0, 100_000)
    assert.equal(records.length >= confirmed, true)
    records.forEach(({ offset, value }, index) => {
      assert.equal(offset, index)
      assert.equal(value.split(' ')[0], `${index}`)
    })
    await log.close()
  } finally {
    await rm(directory, { recursive: true })
  }
}
