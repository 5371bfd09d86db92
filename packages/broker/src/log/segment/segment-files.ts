// Removes files of a segment. Whoever does so makes it durable, and knows that nobody needs them.

import type { FileSystem } from '../../io/io.ts'
import { segmentFileKinds, segmentPath } from './segment-names.ts'

export async function removeSegment(files: FileSystem, directory: string, baseOffset: number): Promise<void> {
  for (const kind of segmentFileKinds) await files.remove(segmentPath(directory, baseOffset, kind))
}

export async function removeIndexes(files: FileSystem, directory: string, baseOffset: number): Promise<void> {
  await files.remove(segmentPath(directory, baseOffset, 'index'))
  await files.remove(segmentPath(directory, baseOffset, 'timeindex'))
}
