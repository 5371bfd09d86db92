// Makes logs and journals smaller than any configuration may, in the process of the test, so that a few hundred
// records fill segments and bring on compactions.

import { Journal } from '../log/journal.ts'
import { Log } from '../log/log.ts'
import type { SmallSizes } from './history-plan.ts'

let sizes: SmallSizes | undefined

/** For what is opened from now on; undefined: as configured. */
export function shrinkLogs(next: SmallSizes | undefined): void {
  sizes = next
}

const openLog = Log.open
const openJournal = Journal.open

Log.open = (io, directory, options) => {
  return openLog.call(Log, io, directory, {
    ...options,
    segmentBytes: sizes?.segmentBytes ?? options.segmentBytes,
  })
}

Journal.open = (io, directory, options) => {
  const compactBytesMin = sizes?.compactBytesMin ?? options.compactBytesMin
  return openJournal.call(Journal, io, directory, { ...options, compactBytesMin })
}
