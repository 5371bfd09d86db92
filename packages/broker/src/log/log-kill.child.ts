// Run by log-kill.test.ts as a process of its own: appends to a log until it is killed, and tells what
// was confirmed. Each confirmed group is one line `<first offset> <next offset>`; the value of a record
// is its offset.

import { directFiles } from '../io/direct-files.ts'
import { realIo } from '../io/real-io.ts'
import { Log } from './log.ts'
import { batchOf, logOptions } from './log.fixture.ts'

const [directory, how] = process.argv.slice(2)
const real = realIo()
const io = how === 'direct' ? { ...real, files: directFiles(real.files) } : real
const log = await Log.open(io, directory, logOptions({ segmentBytes: 20_000 }))
process.stdout.write(`started ${log.logEnd} ${log.quarantined.length}\n`)
for (;;) {
  const first = log.logEnd
  for (let batch = 0; batch < 5; batch++) {
    const values = Array.from(
      { length: 1 + (batch % 3) },
      (_, index) => `${log.logEnd + index} ${'.'.repeat(log.logEnd % 900)}`,
    )
    log.append(batchOf(values), 0)
  }
  const next = log.logEnd
  await log.durable()
  process.stdout.write(`${first} ${next}\n`)
}
