// Run by log-compaction-kill.test.ts as a process of its own: appends to a log and compacts it until it is
// killed, and tells what was confirmed: `appended <key> <value> <offset>`, a value of `-` being none.

import { realIo } from '../../io/real-io.ts'
import { logOptions, seededRandom } from '../log.fixture.ts'
import { Log } from '../log.ts'
import { compactionAt, keyedBatch } from './compaction.fixture.ts'

const [directory, seed] = process.argv.slice(2) as [string, string]
const random = seededRandom(Number(seed))
const log = await Log.open(realIo(), directory, logOptions({ segmentBytes: 4000 }))
process.stdout.write('started\n')
for (let round = 0; ; round++) {
  const lines: string[] = []
  for (let batch = 0; batch < 8; batch++) {
    const records = Array.from({ length: 1 + random(4) }, () => {
      const key = `k${random(30)}`
      return random(5) === 0
        ? { key, value: null }
        : { key, value: `${log.logEnd}-${random(1_000_000)}-${'.'.repeat(random(200))}` }
    })
    const base = log.append(keyedBatch(records), 0)
    for (const [index, { key, value }] of records.entries())
      lines.push(`appended ${key} ${value ?? '-'} ${base + index}`)
  }
  await log.durable()
  process.stdout.write(`${lines.join('\n')}\n`)
  await log.compact(compactionAt(Date.now(), { deleteRetentionMs: random(40) }, random(2) * 100_000))
}
