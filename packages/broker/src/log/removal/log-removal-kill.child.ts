// Run by log-removal-kill.test.ts as a process of its own: appends to a log and removes from it until it is
// killed, and tells what was confirmed: `appended <first offset> <next offset>`, `deleting …` and
// `deleted …` with offsets, `purging <offset>` and `purged <offset>`. The value of a record is its offset.

import { realIo } from '../../io/real-io.ts'
import { Log } from '../log.ts'
import { batchOf, logOptions, seededRandom } from '../log.fixture.ts'

const [directory, seed] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const log = await Log.open(realIo(), directory, logOptions({ segmentBytes: 10_000 }))
const say = (...words: (string | number)[]): boolean => process.stdout.write(`${words.join(' ')}\n`)
say('started', log.logStart, log.logEnd, log.quarantined.length)
for (;;) {
  const first = log.logEnd
  for (let batch = 0; batch < 4; batch++) {
    const values = Array.from(
      { length: 1 + random(3) },
      (_, index) => `<${log.logEnd + index}>${'.'.repeat(random(400))}`,
    )
    log.append(batchOf(values), 0)
  }
  const next = log.logEnd
  await log.durable()
  say('appended', first, next)
  const offsets = Array.from({ length: 1 + random(4) }, () => log.logStart + random(next - log.logStart))
  say('deleting', ...offsets)
  await log.deleteRecords(offsets)
  say('deleted', ...offsets)
  if (random(10) > 0) continue
  const below = log.logStart + random(next - log.logStart)
  say('purging', below)
  await log.removeBelow(below)
  say('purged', below)
}
