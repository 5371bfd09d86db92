// Several segments become one, under the name of the first. Two files say how far that is:
//
//   merging             {"checksum":…,"facts":{"into":<base>,"dropped":[<base>,…],"records":<count>}}
//   <base>.merged.tmp   the new file, until it is renamed to <base>.log
//
//   merging   .merged.tmp   then
//   no        –             nothing was merged
//   yes       yes           the old segments stand; `merging` goes first, durably
//   yes       no            the new one stands; the dropped ones go, then `merging`, each durably
//
// Invariant: both files are durable before the rename, so that the rename alone decides.

import type { FileSystem } from '../../io/io.ts'
import { readFacts, writeFacts } from './checked-json.ts'
import { removeSegment } from '../segment/segment-files.ts'
import { baseOffsetsIn, segmentPath } from '../segment/segment-names.ts'

const fileName = 'merging'

export interface Merge {
  /** Base offset of the segment that takes in the others. */
  readonly into: number
  /** Base offsets of the others. */
  readonly dropped: readonly number[]
  /** Of all of them. */
  readonly records: number
}

export function mergedPathOf(directory: string, into: number): string {
  return `${segmentPath(directory, into, 'log').slice(0, -'.log'.length)}.merged.tmp`
}

/** The new file is synced, and none of an earlier merge is left. */
export async function beginMerge(files: FileSystem, directory: string, merge: Merge): Promise<void> {
  // Why first: a power loss may keep the one name and lose the other, and `merging` alone says "renamed".
  await files.syncDirectory(directory)
  await writeFacts(files, `${directory}/${fileName}`, merge)
}

/** At the start of a log, before anything is read; and before another merge. */
export async function settleMerge(files: FileSystem, directory: string): Promise<void> {
  const merge = await readMerge(files, directory)
  if (merge === undefined) return
  const isRenamed = !(await hasFile(files, directory, mergedPathOf(directory, merge.into)))
  if (isRenamed) await finishMerge(files, directory)
  else await abandonMerge(files, directory)
}

/** Where the rename was not done. */
export async function abandonMerge(files: FileSystem, directory: string): Promise<void> {
  const merge = await readMerge(files, directory)
  await files.remove(`${directory}/${fileName}`)
  await files.syncDirectory(directory)
  if (merge !== undefined) await files.remove(mergedPathOf(directory, merge.into))
}

/** Where the rename was done, or nothing was merged. */
export async function finishMerge(files: FileSystem, directory: string): Promise<void> {
  const merge = await readMerge(files, directory)
  if (merge === undefined) return
  const { into, dropped, records } = merge
  await files.syncDirectory(directory)
  // Why only where it still is: all of it may have been purged since.
  if (baseOffsetsIn(await files.list(directory)).includes(into))
    await writeFacts(files, segmentPath(directory, into, 'thinned'), records)
  for (const baseOffset of dropped) await removeSegment(files, directory, baseOffset)
  await files.syncDirectory(directory)
  await files.remove(`${directory}/${fileName}`)
  await files.syncDirectory(directory)
}

/** Undefined where nothing is being merged: what is damaged was never whole, since it is replaced at once. */
async function readMerge(files: FileSystem, directory: string): Promise<Merge | undefined> {
  const read = await readFacts(files, `${directory}/${fileName}`)
  return typeof read === 'object' ? (read.facts as Merge) : undefined
}

async function hasFile(files: FileSystem, directory: string, path: string): Promise<boolean> {
  return (await files.list(directory)).some(({ name }) => `${directory}/${name}` === path)
}
