// Where a log begins, once its oldest segments were dropped. Without it nobody could tell dropped from lost.
// It is written before the segments are removed: an interrupted truncation is finished at the next start.

import type { FileSystem } from '../../io/io.ts'
import { readFacts, writeFacts } from './checked-json.ts'

const fileName = 'log-start'

export function writeLogStart(files: FileSystem, directory: string, logStart: number): Promise<void> {
  return writeFacts(files, `${directory}/${fileName}`, logStart)
}

/** 0 for a log that was never truncated; `damaged` where the file is there and cannot be believed. */
export async function readLogStart(files: FileSystem, directory: string): Promise<number | 'damaged'> {
  const read = await readFacts(files, `${directory}/${fileName}`)
  if (read === 'missing') return 0
  return read !== 'damaged' && Number.isSafeInteger(read.facts) ? Number(read.facts) : 'damaged'
}
