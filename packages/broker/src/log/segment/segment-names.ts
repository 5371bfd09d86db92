// Names of the files of a segment: its first offset in 20 digits, so that they sort in the order of the log.

import type { DirectoryEntry } from '../../io/io.ts'

const digits = 20
const logPattern = /^(\d{20})\.log$/

export type SegmentFileKind = 'log' | 'index' | 'timeindex' | 'quarantine' | 'thinned' | 'producers'

export const segmentFileKinds: readonly SegmentFileKind[] = [
  'log',
  'index',
  'timeindex',
  'quarantine',
  'thinned',
  'producers',
]

export function segmentPath(directory: string, baseOffset: number, kind: SegmentFileKind): string {
  return `${directory}/${String(baseOffset).padStart(digits, '0')}.${kind}`
}

/** Base offsets of the segments among the entries of a folder, in order. */
export function baseOffsetsIn(entries: readonly DirectoryEntry[]): number[] {
  const bases: number[] = []
  for (const { name, isDirectory } of entries) {
    const base = isDirectory ? undefined : baseOffsetOfName(name)
    if (base !== undefined) bases.push(base)
  }
  return bases.sort((a, b) => a - b)
}

/** The base offset that a `.log` file is named after, or undefined for any other file. */
function baseOffsetOfName(name: string): number | undefined {
  const match = logPattern.exec(name)
  const baseOffset = match === null ? Number.NaN : Number(match[1])
  return Number.isSafeInteger(baseOffset) ? baseOffset : undefined
}
