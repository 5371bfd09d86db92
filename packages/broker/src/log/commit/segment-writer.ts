// Puts groups of batches into the active segment, and starts the next one. Knows how to fail:
//
//   what failed                      then                                  says
//   write or new file: no space      back to the durable end, synced       disk-full; later ones are tried
//   new file: too many open          nothing was changed                   io-failed; later ones are tried
//   going back, or any other         nothing can be believed any more      partition-offline, for good
//   any sync                         back to the durable end; never again:
//                                    the kernel may call the pages clean
//                                    that it failed to write               partition-offline, for good

import { lastOffsetOf, maxTimestampOf } from '@sluice/protocol/record/record-batch'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { IoError } from '../../io/io.ts'
import type { File, FileSystem } from '../../io/io.ts'
import type { IndexFileStore } from '../segment/index-files.ts'
import { OpenSegment } from '../segment/open-segments.ts'
import type { OpenSegments } from '../segment/open-segments.ts'
import { SegmentIndex } from '../segment/segment-index.ts'
import type { SegmentList } from '../segment/segment-list.ts'
import { Segment } from '../segment/segment.ts'
import type { BatchGroup } from './batch-group.ts'

export interface SegmentWriterParts {
  readonly files: FileSystem
  readonly directory: string
  readonly durability: 'fsync' | 'os'
  readonly indexIntervalBytes: number
  readonly segments: SegmentList
  readonly opened: OpenSegments
  readonly indexFiles: IndexFileStore
  /** Makes durable what has to be before a segment begins at the offset; undefined: nothing has. */
  readonly beforeSegment: (baseOffset: number) => Promise<void> | undefined
}

export class SegmentWriter {
  readonly #parts: SegmentWriterParts
  #active: OpenSegment
  #file: File
  /** Work on the segment before the active one; never fails. */
  #sealing: Promise<void> = Promise.resolve()

  /** `file` is that of the active segment. */
  constructor(parts: SegmentWriterParts, active: OpenSegment, file: File) {
    this.#parts = parts
    this.#active = active
    this.#file = file
  }

  get active(): Segment {
    return this.#active.segment
  }

  /** Resolves when the segments before the active one are finished, with their indexes. */
  get sealed(): Promise<void> {
    return this.#sealing
  }

  /** Undefined once the group is durable as configured; else why nothing of it was kept. */
  async write(group: BatchGroup): Promise<BrokerError | undefined> {
    const refusal = group.rolls ? await this.#roll(group.baseOffset) : undefined
    if (refusal !== undefined || group.batches.length === 0) return refusal
    const { segment } = this.#active
    try {
      await this.#file.write(group.batches, segment.sizeBytes)
    } catch (error) {
      return this.#goBack(error)
    }
    try {
      if (this.#parts.durability === 'fsync') await this.#file.sync()
    } catch (error) {
      await this.#forgetUnsynced()
      return offlineError(segment.path, error)
    }
    this.#extend(group)
    return undefined
  }

  /**
   * Why: a restart of the process alone would read these bytes back out of the page cache, believe in them,
   * and lose them with the machine, for no later sync writes pages that the kernel calls clean.
   */
  async #forgetUnsynced(): Promise<void> {
    try {
      await this.#file.truncate(this.#active.segment.sizeBytes)
      await this.#file.sync()
    } catch {
      // The disk takes nothing any more; there is nothing left to try.
    }
  }

  /**
   * Writes the index of the active segment; what `os` left unsynced is synced, so that a clean end is true.
   */
  async close(): Promise<BrokerError | undefined> {
    await this.#sealing
    try {
      if (this.#parts.durability === 'os') await this.#file.sync()
      await this.#file.trim?.()
    } catch (error) {
      return offlineError(this.#active.segment.path, error)
    }
    await this.#parts.indexFiles.write(this.#active.segment, this.#active.index!)
    return undefined
  }

  /** Undefined once what `os` has left to the page cache survives the machine too. */
  async sync(): Promise<BrokerError | undefined> {
    try {
      if (this.#parts.durability === 'os') await this.#file.sync()
    } catch (error) {
      return offlineError(this.#active.segment.path, error)
    }
    return undefined
  }

  /**
   * Invariant: only what is durable is counted in the segment, so a reader can never be ahead of the disk.
   */
  #extend(group: BatchGroup): void {
    const { segment } = this.#active
    for (const batch of group.batches) {
      this.#active.index!.add(segment.sizeBytes, lastOffsetOf(batch, 0), maxTimestampOf(batch, 0))
      segment.sizeBytes += batch.length
    }
    segment.endOffset = group.endOffset
  }

  async #goBack(error: unknown): Promise<BrokerError> {
    const { segment } = this.#active
    if (!isOf(error, 'full')) return offlineError(segment.path, error)
    try {
      await this.#file.truncate(segment.sizeBytes)
      // Why also for `os`: a power loss may keep what was refused, and neither the cut nor what
      // came after it.
      await this.#file.sync()
    } catch (second) {
      return offlineError(segment.path, second)
    }
    return fullError(segment.path, error)
  }

  async #roll(baseOffset: number): Promise<BrokerError | undefined> {
    const { durability, files, directory, indexIntervalBytes, beforeSegment } = this.#parts
    const segment = new Segment(directory, baseOffset)
    const index = new SegmentIndex(indexIntervalBytes)
    // Why: rolling never gets ahead of sealing by more than one, so neither files nor indexes pile up.
    await this.#sealing
    try {
      // Why also for `os`: what was lost with the machine is then within one segment, and
      // recovery looks there.
      if (durability === 'os') await this.#file.sync()
      // Why before the next one is made: what fills a block is cut from the last segment only.
      await this.#file.trim?.()
    } catch (error) {
      return offlineError(this.#active.segment.path, error)
    }
    let file: File
    try {
      const before = beforeSegment(baseOffset)
      if (before !== undefined) await before
      file = await files.open(segment.path, { create: true })
    } catch (error) {
      if (isOf(error, 'full')) return fullError(segment.path, error)
      if (isOf(error, 'too-many-open'))
        return new BrokerError('io-failed', `No new segment: ${segment.path}`, { cause: error })
      return offlineError(segment.path, error)
    }
    try {
      await files.syncDirectory(directory)
    } catch (error) {
      await file.close().catch(() => {})
      return offlineError(directory, error)
    }
    this.#activate(new OpenSegment(segment, Promise.resolve(file), index), file)
    return undefined
  }

  #activate(next: OpenSegment, file: File): void {
    const { segments, opened, indexFiles } = this.#parts
    const sealed = this.#active
    this.#active = next
    this.#file = file
    segments.add(next.segment)
    opened.adopt(next)
    this.#sealing = this.#sealing
      .then(() => indexFiles.write(sealed.segment, sealed.index!))
      .then(() => opened.release(sealed))
  }
}

function isOf(error: unknown, kind: IoError['kind']): boolean {
  return error instanceof IoError && error.kind === kind
}

function fullError(path: string, cause: unknown): BrokerError {
  return new BrokerError('disk-full', `No space to write to ${path}`, { cause })
}

function offlineError(path: string, cause: unknown): BrokerError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new BrokerError('partition-offline', `${path} takes no more records: ${why}`, { cause })
}
