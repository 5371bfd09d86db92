// kill -9 at random moments of a process that appends and removes: what it said was removed is gone, from the
// disk too, and what it did not speak of is there.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { realIo } from '../../io/real-io.ts'
import { runAndKill } from '../log-kill.fixture.ts'
import { Log } from '../log.ts'
import { contentOf, logOptions, readAll, seededRandom } from '../log.fixture.ts'

const child = join(import.meta.dirname, 'log-removal-kill.child.ts')
const rounds = 12

class Account {
  end = 0
  start = 0
  startMax = 0
  readonly asked = new Set<number>()
  readonly gone = new Set<number>()

  hear(line: string): void {
    const [word, ...rest] = line.split(' ')
    const numbers = rest.map(Number)
    if (word === 'appended') this.end = numbers[1]
    if (word === 'purging') this.startMax = Math.max(this.startMax, numbers[0])
    if (word === 'purged') this.start = Math.max(this.start, numbers[0])
    for (const offset of numbers) {
      if (word === 'deleting') this.asked.add(offset)
      if (word === 'deleted') this.gone.add(offset)
    }
  }

  async check(directory: string): Promise<void> {
    const io = realIo()
    const log = await Log.open(io, directory, logOptions())
    assert.deepEqual(log.quarantined, [])
    assert.equal(log.logStart >= this.start, true, `starts at ${log.logStart}, purged to ${this.start}`)
    // The start moves over segments of which each record was deleted, too.
    for (let offset = this.startMax; offset < log.logStart; offset++)
      assert.equal(this.asked.has(offset), true, `${offset} is below the start`)
    const served = new Set<number>()
    for (const { offset, value } of await readAll(log, log.logStart, 100_000)) {
      assert.equal(value.startsWith(`<${offset}>`), true)
      assert.equal(this.gone.has(offset), false, `${offset} is back`)
      served.add(offset)
    }
    for (let offset = log.logStart; offset < this.end; offset++) {
      assert.equal(served.has(offset) || this.asked.has(offset), true, `${offset} is lost`)
    }
    await log.close()
    for (const { name } of await io.files.list(directory)) {
      if (!name.endsWith('.log')) continue
      const bytes = Buffer.from(await contentOf(io.files, `${directory}/${name}`))
      for (const offset of this.gone) {
        if (offset >= this.startMax)
          assert.equal(bytes.includes(`<${offset}>`), false, `${offset} is in ${name}`)
      }
    }
  }
}

test(`what a killed process removed is gone, and nothing else (${rounds} kills)`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-removal-kill-'))
  const seed = Date.now()
  const random = seededRandom(seed)
  const account = new Account()
  try {
    for (let round = 0; round < rounds; round++) {
      const lines = await runAndKill([child, `${directory}/log`, `${random(1_000_000)}`], random(150))
      for (const line of lines) account.hear(line)
      await account.check(`${directory}/log`)
    }
    assert.equal(account.gone.size > rounds, true)
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error })
  } finally {
    await rm(directory, { recursive: true })
  }
})
