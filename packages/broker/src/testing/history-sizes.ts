// Makes logs and journals smaller than any configuration may, in the process of the test, so that a few
// hundred records fill segments and bring on compactions.

import { Journal } from '../log/journal.ts'
import { Log } from '../log/log.ts'
import type { SmallSizes } from './history-plan.ts'
import { wrapMethod } from './wrapped-method.ts'

let sizes: SmallSizes | undefined

/** For what is opened from now on; undefined: as configured. */
export function shrinkLogs(next: SmallSizes | undefined): void {
  sizes = next
}

wrapMethod(Log, 'open', (open) => (io, directory, options) => {
  const segmentBytes = sizes?.segmentBytes ?? options.segmentBytes
  return open.call(Log, io, directory, { ...options, segmentBytes })
})

wrapMethod(Journal, 'open', (open) => (io, directory, options) => {
  const compactBytesMin = sizes?.compactBytesMin ?? options.compactBytesMin
  return open.call(Journal, io, directory, { ...options, compactBytesMin })
})
