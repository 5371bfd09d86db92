// Long work on a log goes in pieces, with the others' turn between. Files in memory never wait for a disk, so
// that without it nobody would have one.

import type { Timers } from '../../io/io.ts'

export function othersTurn(timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    timers.soon(resolve)
  })
}
