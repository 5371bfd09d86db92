// Writes a segment anew without some of its records and puts the new file in the place of the old one:
//
//   <base>.log ─ copy ─> <base>.log.tmp ─ sync ─> indexes removed ─> renamed to <base>.log ─> folder synced
//
// A crash leaves the old file or the new one, whole; recovery scans what has no index, and so learns of the
// new places of what is quarantined. Reads that are under way go on in the old file. Offsets and what is
// damaged stay as they were. Must never be used on the active segment, nor on one log twice at a time.

import type { File } from '../../io/io.ts'
import { temporaryOf } from '../atomic-file.ts'
import type { LogParts } from '../log-parts.ts'
import { removeIndexes } from '../recovery/recover-log.ts'
import { tailRangeOf } from '../recovery/segment-examiner.ts'
import { SegmentScan } from '../recovery/segment-scan.ts'
import type { OpenSegment } from '../segment/open-segments.ts'
import { SegmentIndex } from '../segment/segment-index.ts'
import { Segment } from '../segment/segment.ts'
import type { RecordCount } from './record-count.ts'
import { othersTurn } from './turn.ts'
import { ThinnedCopy } from './thinned-copy.ts'
import type { RecordChoice } from './thinned-copy.ts'

export class SegmentRewriter {
  readonly #parts: LogParts
  readonly #count: RecordCount

  constructor(parts: LogParts, count: RecordCount) {
    this.#parts = parts
    this.#count = count
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

  async #copy({ segment, opening }: OpenSegment, to: File, choice: RecordChoice): Promise<ThinnedCopy> {
    const { sizeBytes, startOffset, baseOffset, endOffset } = segment
    const from = await opening
    const copy = new ThinnedCopy(from, to, choice, new SegmentIndex(this.#parts.indexIntervalBytes))
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
    await copy.finish(tail === undefined ? ranges : [...ranges, tailRangeOf(tail, endOffset)])
    return copy
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
    segments.replace(segment, replacement)
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
