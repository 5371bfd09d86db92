// The world as the operating system gives it: what a broker in production runs on.

import { silentLogger } from '../base/logger.ts'
import type { Logger } from '../base/logger.ts'
import type { Io } from './io.ts'
import { realFiles } from './real-files.ts'
import { realNetwork } from './real-network.ts'
import { realClock, realRandom, realTimers } from './real-time.ts'

/** The logger hears of failures that no caller waits for, such as a connection that could not be accepted. */
export function realIo(logger: Logger = silentLogger): Io {
  return {
    files: realFiles(),
    clock: realClock,
    timers: realTimers,
    random: realRandom(),
    network: realNetwork(logger),
  }
}
