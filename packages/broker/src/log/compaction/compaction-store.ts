// How far a log was compacted, on disk: `compaction` in its folder, JSON with a checksum, replaced at once.
// Where it is missing or damaged, compaction begins anew: that costs time, and loses nothing.

import type { FileSystem } from '../../io/io.ts'
import { readFacts, writeFacts } from '../recovery/checked-json.ts'
import type { CompactionMark } from './compaction-plan.ts'

const fileName = 'compaction'

export async function readMarks(files: FileSystem, directory: string): Promise<readonly CompactionMark[]> {
  const read = await readFacts(files, `${directory}/${fileName}`)
  return typeof read === 'object' && Array.isArray(read.facts) ? (read.facts as CompactionMark[]) : []
}

export function writeMarks(
  files: FileSystem,
  directory: string,
  marks: readonly CompactionMark[],
): Promise<void> {
  return writeFacts(files, `${directory}/${fileName}`, marks)
}
