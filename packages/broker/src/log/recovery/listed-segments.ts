// Finds the segments of a log that is being opened, once what was under way when it ended is settled.

import type { FileSystem } from '../../io/io.ts'
import { isTemporary } from '../atomic-file.ts'
import { baseOffsetsIn } from '../segment/segment-names.ts'
import { settleMerge } from './segment-merge.ts'

/** Their base offsets, in order. What never got its name is removed. */
export async function listSegments(files: FileSystem, directory: string): Promise<number[]> {
  await settleMerge(files, directory)
  const entries = await files.list(directory)
  for (const { name, isDirectory } of entries) {
    if (isTemporary(name) && !isDirectory) await files.remove(`${directory}/${name}`)
  }
  return baseOffsetsIn(entries)
}
