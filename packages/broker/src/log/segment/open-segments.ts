// The segments of one log whose file is open and whose index is in memory: the active one, and the few that
// were read last. Bounded: with many logs and long histories neither descriptors nor memory grow.

import type { File, FileSystem } from '../../io/io.ts'
import { openSegmentsMax } from '../log-limits.ts'
import type { SegmentIndex } from './segment-index.ts'
import type { Segment } from './segment.ts'

export class OpenSegment {
  readonly segment: Segment
  readonly opening: Promise<File>
  /** Undefined until it is read from disk or made anew. */
  index: SegmentIndex | undefined
  /**
   * How many hold it; it is closed only while nobody does. Counted before waiting, so that no
   * close slips in.
   */
  users = 1

  constructor(segment: Segment, opening: Promise<File>, index?: SegmentIndex) {
    this.segment = segment
    this.opening = opening
    this.index = index
  }
}

export class OpenSegments {
  readonly #files: FileSystem
  /** In order of their last use. */
  readonly #opened = new Map<Segment, OpenSegment>()

  constructor(files: FileSystem) {
    this.#files = files
  }

  /** Takes in the one that was just made or recovered; its maker is its first user. */
  adopt(open: OpenSegment): void {
    this.#opened.set(open.segment, open)
  }

  /** The caller is a user, with the file open, until it calls `release`. */
  async acquire(segment: Segment): Promise<OpenSegment> {
    const open = this.#hold(segment)
    try {
      await open.opening
      return open
    } catch (error) {
      if (this.#opened.get(segment) === open) this.#opened.delete(segment)
      throw error
    }
  }

  async release(open: OpenSegment): Promise<void> {
    open.users--
    if (this.#opened.get(open.segment) !== open) return closeUnlessUsed(open)
    for (const [segment, candidate] of this.#opened) {
      if (this.#opened.size <= openSegmentsMax + 1) return
      if (candidate.users === 0) await this.forget(segment)
    }
  }

  /** The file is closed now, or by its last user. */
  async forget(segment: Segment): Promise<void> {
    const open = this.#opened.get(segment)
    this.#opened.delete(segment)
    if (open !== undefined) await closeUnlessUsed(open)
  }

  /** Users that are still reading get an error of the closed file. */
  async closeAll(): Promise<void> {
    const all = [...this.#opened.values()]
    this.#opened.clear()
    for (const open of all) {
      open.users = 0
      await closeUnlessUsed(open)
    }
  }

  #hold(segment: Segment): OpenSegment {
    const held = this.#opened.get(segment)
    if (held === undefined) {
      const open = new OpenSegment(segment, this.#files.open(segment.path, { create: false }))
      this.#opened.set(segment, open)
      return open
    }
    held.users++
    this.#opened.delete(segment)
    this.#opened.set(segment, held)
    return held
  }
}

/** Never fails: whatever was written was synced by its writer, so a failed close loses nothing. */
async function closeUnlessUsed(open: OpenSegment): Promise<void> {
  if (open.users > 0) return
  try {
    await (await open.opening).close()
  } catch {
    return
  }
}
