// The world of an embedded broker: the one it is given, or this machine; with files in memory where it is to
// leave nothing behind.

import type { Logger } from '../base/logger.ts'
import type { Io } from './io.ts'
import { memoryFiles } from './memory-files.ts'
import { realIo } from './real-io.ts'

export function worldOf(given: Io | undefined, areFilesInMemory: boolean, logger: Logger): Io {
  const io = given ?? realIo(logger)
  return areFilesInMemory ? { ...io, files: memoryFiles() } : io
}
