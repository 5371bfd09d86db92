// Writes a segment anew without some of its records and puts the new file in the place of the old one:
//
//   <base>.log ─ copy ─> <base>.log.tmp ─ sync ─> indexes removed ─> renamed to <base>.log ─> folder synced
//
// A crash leaves the old file or the new one, whole; recovery scans what has no index, and so learns of the
// new places of what is quarantined. Reads that are under way go on in the old file. Offsets and what is
// damaged stay as they were. Several segments become one in the same way, under the name of the first
// (segment-merge.ts). Must never be used on the active segment, nor on one log twice at a time.

import type { File } from '../../io/io.ts'
import { temporaryOf } from '../atomic-file.ts'
import type { LogParts } from '../log-parts.ts'
import {
  abandonMerge,
  beginMerge,
  finishMerge,
  mergedPathOf,
  settleMerge,
} from '../recovery/segment-merge.ts'
import { removeIndexes } from '../segment/segment-files.ts'
import { tailRangeOf } from '../recovery/segment-examiner.ts'
import { SegmentScan } from '../recovery/segment-scan.ts'
import type { OpenSegment } from '../segment/open-segments.ts'
import { SegmentIndex } from '../segment/segment-index.ts'
import { Segment } from '../segment/segment.ts'
import type { BadRange } from '../segment/segment.ts'
import type { RecordCount } from './record-count.ts'
import { othersTurn } from './turn.ts'
import { ThinnedCopy } from './thinned-copy.ts'
import type { RecordChoice } from './thinned-copy.ts'

const keepsEverything: RecordChoice = { mayDrop: () => false, keep: () => true }

export class SegmentRewriter {
  readonly #parts: LogParts
  readonly #count: RecordCount

  constructor(parts: LogParts, count: RecordCount) {
    this.#parts = parts
    this.#count = count
  }

  /**
   * Makes one segment of several that follow each other, undamaged and each with all that its name says.
   * False where they turn out to be damaged; then nothing was changed.
   */
  async merge(group: readonly Segment[]): Promise<boolean> {
    const { io, opened, directory } = this.#parts
    await settleMerge(io.files, directory)
    const held: OpenSegment[] = []
    try {
      for (const segment of group) held.push(await opened.acquire(segment))
      const path = mergedPathOf(directory, group[0].baseOffset)
      const copy = await this.#writeMerged(path, held)
      if (copy !== undefined) await this.#putMerged(path, group, copy)
      return copy !== undefined
    } finally {
      for (const open of held) await opened.release(open)
    }
  }

  /** Undefined where a segment is damaged. */
  async #writeMerged(path: string, group: readonly OpenSegment[]): Promise<ThinnedCopy | undefined> {
    const to = await this.#parts.io.files.open(path, { create: true })
    let isWanted = false
    try {
      await to.truncate(0)
      const index = new SegmentIndex(this.#parts.indexIntervalBytes)
      const copy = new ThinnedCopy(await group[0].opening, to, keepsEverything, index)
      for (const open of group) copy.addRanges(await this.#copyInto(copy, open))
      await copy.finish()
      isWanted = copy.ranges.length === 0
      if (isWanted) await to.sync()
      return isWanted ? copy : undefined
    } finally {
      await to.close()
      if (!isWanted) await this.#forgetAside(path)
    }
  }

  async #putMerged(path: string, group: readonly Segment[], copy: ThinnedCopy): Promise<void> {
    const { io, directory, segments, opened, examiner, indexFiles } = this.#parts
    const [first, ...others] = group
    for (const segment of group) segment.isBeingReplaced = true
    try {
      for (const segment of group) await examiner.examined(segment)
      const dropped = others.map(({ baseOffset }) => baseOffset)
      await beginMerge(io.files, directory, { into: first.baseOffset, dropped, records: copy.records })
      await removeIndexes(io.files, directory, first.baseOffset)
      await io.files.syncDirectory(directory)
      await io.files.rename(path, first.path)
    } catch (error) {
      for (const segment of group) segment.isBeingReplaced = false
      await abandonMerge(io.files, directory).catch(() => undefined)
      throw error
    }
    const merged = new Segment(directory, first.baseOffset, first.startOffset)
    merged.sizeBytes = copy.sizeBytes
    merged.endOffset = group.at(-1)!.endOffset
    segments.replace(group, merged)
    for (const segment of group) await opened.forget(segment)
    await finishMerge(io.files, directory)
    await indexFiles.write(merged, copy.index)
  }

  /**
   * Resolves with how many records are gone, durably; where that is none, nothing was changed. `replaced` is
   * called in the turn from which on readers find the new file.
   */
  async rewrite(segment: Segment, choice: RecordChoice, replaced: () => void): Promise<number> {
    const { opened } = this.#parts
    // Why held until the end: nobody opens the old segment by its path once another file is there.
    const open = await opened.acquire(segment)
    try {
      const copy = await this.#writeAside(open, choice)
      if (copy.removed > 0) await this.#putInPlace(segment, copy, replaced)
      return copy.removed
    } finally {
      await opened.release(open)
    }
  }

  async #writeAside(open: OpenSegment, choice: RecordChoice): Promise<ThinnedCopy> {
    const path = temporaryOf(open.segment.path)
    let isWanted = false
    const to = await this.#parts.io.files.open(path, { create: true })
    try {
      await to.truncate(0)
      const copy = await this.#copy(open, to, choice)
      if (copy.removed > 0) await to.sync()
      isWanted = copy.removed > 0
      return copy
    } finally {
      await to.close()
      if (!isWanted) await this.#forgetAside(path)
    }
  }

  async #copy(open: OpenSegment, to: File, choice: RecordChoice): Promise<ThinnedCopy> {
    const index = new SegmentIndex(this.#parts.indexIntervalBytes)
    const copy = new ThinnedCopy(await open.opening, to, choice, index)
    copy.addRanges(await this.#copyInto(copy, open))
    await copy.finish()
    return copy
  }

  /** Resolves with the damage that it met. */
  async #copyInto(copy: ThinnedCopy, { segment, opening }: OpenSegment): Promise<readonly BadRange[]> {
    const { sizeBytes, startOffset, baseOffset, endOffset } = segment
    const from = await opening
    const scan = new SegmentScan({
      file: from,
      sizeBytes,
      startOffset,
      isExact: startOffset === baseOffset,
      offsetMax: endOffset,
      index: new SegmentIndex(sizeBytes + 1),
      onBatch: (bytes, at) => {
        copy.addRanges(scan.ranges)
        copy.addBatch(bytes, at)
      },
    })
    while (await scan.advance()) {
      await copy.flush()
      await othersTurn(this.#parts.io.timers)
    }
    const { ranges, tail } = await scan.finish()
    return tail === undefined ? ranges : [...ranges, tailRangeOf(tail, endOffset)]
  }

  async #putInPlace(segment: Segment, copy: ThinnedCopy, replaced: () => void): Promise<void> {
    const { io, directory, segments, opened, examiner, quarantine, indexFiles } = this.#parts
    const { files } = io
    segment.isBeingReplaced = true
    try {
      await examiner.examined(segment)
      await this.#count.record(segment, copy.records)
      await removeIndexes(files, directory, segment.baseOffset)
      await files.syncDirectory(directory)
      await files.rename(temporaryOf(segment.path), segment.path)
    } catch (error) {
      segment.isBeingReplaced = false
      await this.#forgetAside(temporaryOf(segment.path))
      throw error
    }
    const replacement = new Segment(directory, segment.baseOffset, segment.startOffset)
    replacement.sizeBytes = copy.sizeBytes
    replacement.endOffset = segment.endOffset
    replacement.ranges = copy.ranges
    segments.replace([segment], replacement)
    replaced()
    await opened.forget(segment)
    await files.syncDirectory(directory)
    if (segment.ranges.length > 0 || copy.ranges.length > 0) await quarantine.record(replacement)
    await indexFiles.write(replacement, copy.index)
  }

  /** What cannot be removed now is removed at the next start, or overwritten before. */
  async #forgetAside(path: string): Promise<void> {
    await this.#parts.io.files.remove(path).catch(() => undefined)
  }
}
