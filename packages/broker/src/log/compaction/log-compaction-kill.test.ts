// kill -9 at random moments of a process that appends to a log and compacts it: of each key the newest record
// that was confirmed is there, and no key is back that was removed.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { realIo } from '../../io/real-io.ts'
import { logOptions, seededRandom } from '../log.fixture.ts'
import { runAndKill } from '../log-kill.fixture.ts'
import { Log } from '../log.ts'
import { readKeyed } from './compaction.fixture.ts'

const child = join(import.meta.dirname, 'log-compaction-kill.child.ts')
const rounds = 12

interface Newest {
  readonly offset: number
  readonly value: string | null
}

/** Takes in what is there, which may be more than was told. Returns how many records there are. */
async function check(directory: string, newest: Map<string, Newest>): Promise<number> {
  const log = await Log.open(realIo(), directory, logOptions())
  assert.deepEqual(log.quarantined, [])
  const served = await readKeyed(log)
  const last = new Map(served.map(({ key, offset, value }) => [key!, { offset, value }]))
  for (const [key, { offset, value }] of newest) {
    const found = last.get(key)
    if (found !== undefined) assert.equal(found.offset >= offset, true, `${key} at ${offset} is lost`)
    else assert.equal(value, null, `${key} at ${offset} is lost`)
    if (found?.offset === offset) assert.equal(found.value, value)
  }
  for (const [key, record] of last) newest.set(key, record)
  await log.close()
  return served.length
}

test(`the newest of each key survives a killed compaction (${rounds} kills)`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-compaction-kill-'))
  const seed = Date.now()
  const random = seededRandom(seed)
  const newest = new Map<string, Newest>()
  let appended = 0
  let kept = 0
  try {
    for (let round = 0; round < rounds; round++) {
      const ran = [child, `${directory}/log`, `${random(1_000_000)}`]
      for (const line of await runAndKill(ran, 30 + random(200))) {
        const [word, key, value, offset] = line.split(' ') as [string, string, string, string]
        if (word !== 'appended') continue
        newest.set(key, { offset: Number(offset), value: value === '-' ? null : value })
        appended++
      }
      kept = await check(`${directory}/log`, newest)
    }
    assert.equal(appended > rounds * 20 && kept < appended, true, `${kept} of ${appended} are kept`)
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error })
  } finally {
    await rm(directory, { recursive: true })
  }
})
