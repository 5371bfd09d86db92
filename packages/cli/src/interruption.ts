// How SIGINT and SIGTERM end a command that would go on for ever: the first one in order, the second at once.

import { exitCodes } from './exit-codes.ts'
import type { Surroundings } from './surroundings.ts'

/** Runs `use` with a signal that is aborted by the first interruption. */
export async function untilInterrupted<Result>(
  { onInterrupt, exit }: Surroundings,
  use: (stop: AbortController) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController()
  let isInterrupted = false
  const stopListening = onInterrupt(() => {
    if (isInterrupted) exit(exitCodes.interrupted)
    isInterrupted = true
    stop.abort()
  })
  try {
    return await use(stop)
  } finally {
    stopListening()
  }
}
