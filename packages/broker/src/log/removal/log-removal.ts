// How records leave a log: its start moves (whole segments are then removed), or segments are written anew
// without single records. One removal at a time. Listeners hear of a removal once it is durable.
//
// Invariants: the log start is durable before a file is removed, so what is missing later was dropped, not
// lost; what was removed is served neither from a file nor from memory once its listeners have heard of it.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { IoError } from '../../io/io.ts'
import type { LogParts } from '../log-parts.ts'
import { writeLogStart } from '../recovery/log-start.ts'
import { removeIndexes, removeSegment } from '../segment/segment-files.ts'
import type { Segment } from '../segment/segment.ts'
import type { LogTail } from '../tail-cache.ts'
import { OffsetChoice, recordsAmong } from './offset-choice.ts'
import { RecordCount } from './record-count.ts'
import type { KeptSegment, Retention } from './retention-plan.ts'
import { segmentBoundsFor, segmentsBeyond } from './retention-plan.ts'
import type { RecordChoice } from './thinned-copy.ts'
import { SegmentRewriter } from './segment-rewriter.ts'

/** Records below an offset, or those with the offsets, which rise. */
export type Removed = { readonly below: number } | { readonly offsets: readonly number[] }

export class LogRemoval {
  readonly #parts: LogParts
  readonly #tail: LogTail
  readonly #count: RecordCount
  readonly #rewriter: SegmentRewriter
  readonly #listeners = new Set<(removed: Removed) => void>()
  /** The last one in line. */
  #last: Promise<unknown> = Promise.resolve()
  #isStopped = false
  /** Base offsets of segments that are no longer part of the log and whose files may still be there. */
  readonly #left = new Set<number>()
  /** Largest timestamps of segments that do not grow any more. */
  readonly #newest = new WeakMap<Segment, number>()
  /** Removed, but the folder could not be synced: told with the next removal that is durable. */
  #untold: readonly number[] = []

  constructor(parts: LogParts, tail: LogTail) {
    this.#parts = parts
    this.#tail = tail
    this.#count = new RecordCount(parts)
    this.#rewriter = new SegmentRewriter(parts, this.#count)
  }

  /** Called when a removal is durable, before it is answered; must not throw. Returns its end. */
  onRemoved(listener: (removed: Removed) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** See `Log.truncateStart`. */
  dropSegments(offset: number): Promise<void> {
    return this.#inTurn(async () => {
      const { segments } = this.#parts
      const dropped = segments.below(offset)
      if (dropped.length > 0) await this.#moveStart(dropped, segments.all[dropped.length].startOffset)
    })
  }

  /** See `Log.removeBelow`. */
  removeBelow(offset: number): Promise<number> {
    return this.#inTurn(async () => {
      const { logStart } = this.#parts.segments
      const records = offset > logStart ? await this.#count.between(logStart, offset) : 0
      if (offset > logStart) await this.#removeBelow(offset)
      else await this.#removeLeft()
      return records
    })
  }

  /** See `Log.retain`. */
  retain(retention: Retention, wallMs: number): Promise<void> {
    return this.#inTurn(async () => {
      const { segments, bounds } = this.#parts
      const { logStart, all } = segments
      const kept = await this.#kept(retention)
      const beyond = segmentsBeyond(kept, retention, segmentBoundsFor(bounds, retention))
      const expired = retention.maxAgeMs === 0 ? 0 : await this.#countOlder(wallMs - retention.maxAgeMs)
      const count = Math.max(beyond, expired)
      const start = all[count]?.startOffset ?? segments.active.endOffset
      if (count > 0 && start > logStart) await this.#removeBelow(start)
      else await this.#removeLeft()
    })
  }

  /** See `Log.deleteRecords`. */
  deleteRecords(offsets: readonly number[]): Promise<number> {
    const wanted = [...new Set(offsets)].sort((one, other) => one - other)
    return this.#inTurn(async () => {
      const { segments, queue } = this.#parts
      await this.#tellUntold()
      const { logStart } = segments
      const found = await recordsAmong(
        this.#parts,
        wanted.filter((offset) => offset >= logStart),
      )
      if (found.length > 0 && found.at(-1)! >= segments.active.startOffset) {
        await queue.beginSegment()
        await queue.sealed()
      }
      for (const share of this.#bySegment(found)) await this.#thin(share)
      if (found.length > 0) await this.#dropEmptied()
      return found.length
    })
  }

  /**
   * Takes out of one segment what the choice does not keep; `dropped` tells, when it was asked of all, what
   * that is. Nothing happens where another removal has changed the segment, or it is the active one.
   */
  rewrite(segment: Segment, choice: RecordChoice, dropped: () => readonly number[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#tellUntold()
      const { all, active } = this.#parts.segments
      if (segment !== active && all.includes(segment)) await this.#rewrite(segment, choice, dropped)
    })
  }

  /** Makes one segment of several; false where another removal has changed them, or damage shows. */
  merge(group: readonly Segment[]): Promise<boolean> {
    return this.#inTurn(async () => {
      await this.#tellUntold()
      const { all, active } = this.#parts.segments
      const first = all.indexOf(group[0])
      const areThere = group.every((segment, at) => segment !== active && all[first + at] === segment)
      return first >= 0 && areThere && this.#rewriter.merge(group)
    })
  }

  /** Ends with the segment that is being written anew; what waits is refused. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#last
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      this.#checkRunning()
      return action()
    })
    this.#last = turn.catch(() => undefined)
    return turn
  }

  #checkRunning(): void {
    const { directory } = this.#parts
    if (this.#isStopped) throw new BrokerError('stopping', `The log in ${directory} is closed`)
  }

  async #removeBelow(offset: number): Promise<void> {
    await this.#emptyActive(offset)
    await this.#moveStart(this.#parts.segments.below(offset), offset)
  }

  async #kept({ maxMessages }: Retention): Promise<KeptSegment[]> {
    const { all, logStart } = this.#parts.segments
    const kept: KeptSegment[] = []
    for (const { startOffset, endOffset, sizeBytes } of all) {
      const records = maxMessages === 0 ? 0 : this.#count.between(Math.max(startOffset, logStart), endOffset)
      kept.push({ sizeBytes, records: await records })
    }
    return kept
  }

  /** How many of the first segments have no record that is as young as the time. */
  async #countOlder(timeMs: number): Promise<number> {
    let count = 0
    for (const [index, segment] of this.#parts.segments.all.entries()) {
      if (segment.sizeBytes === 0) break
      const newestMs = await this.#newestTime(segment)
      if (newestMs !== undefined && newestMs >= timeMs) break
      // Why not of one that cannot be read: it goes with a later one that is old, and not before.
      if (newestMs !== undefined) count = index + 1
    }
    return count
  }

  async #newestTime(segment: Segment): Promise<number | undefined> {
    const { segments, reader } = this.#parts
    const known = this.#newest.get(segment)
    if (known !== undefined) return known
    const newestMs = await reader.newestTime(segment)
    if (newestMs !== undefined && segment !== segments.active) this.#newest.set(segment, newestMs)
    return newestMs
  }

  /** Where all of the active segment goes, the log goes on in a new one. */
  async #emptyActive(offset: number): Promise<void> {
    const { segments, queue } = this.#parts
    const { sizeBytes, endOffset } = segments.active
    if (sizeBytes === 0 || endOffset !== offset) return
    try {
      await queue.beginSegment()
      await queue.sealed()
    } catch (error) {
      // Why: without space for a new file its records still go, and its bytes with a later removal.
      if (!(error instanceof BrokerError) || error.code !== 'disk-full') throw error
    }
  }

  async #moveStart(dropped: readonly Segment[], logStart: number): Promise<void> {
    const { segments } = this.#parts
    await this.#persistStart(dropped, logStart)
    segments.drop(dropped, logStart)
    this.#parts.gaps = this.#parts.gaps.filter((gap) => gap.nextOffset > logStart)
    this.#tail.forgetUpTo(logStart - 1)
    for (const segment of dropped) {
      this.#left.add(segment.baseOffset)
      await this.#parts.opened.forget(segment)
    }
    this.#tell({ below: logStart })
    await this.#removeLeft()
  }

  async #persistStart(dropped: readonly Segment[], logStart: number): Promise<void> {
    const { io, directory } = this.#parts
    try {
      await writeLogStart(io.files, directory, logStart)
    } catch (error) {
      if (!(error instanceof IoError) || error.kind !== 'full') throw error
      // Why: dropping is how a full disk gets space again. The indexes of what goes can be made anew,
      // if it stays.
      for (const { baseOffset } of dropped) await removeIndexes(io.files, directory, baseOffset)
      await writeLogStart(io.files, directory, logStart)
    }
  }

  async #removeLeft(): Promise<void> {
    const { io, directory } = this.#parts
    if (this.#left.size === 0) return
    for (const baseOffset of this.#left) {
      await removeSegment(io.files, directory, baseOffset)
      this.#left.delete(baseOffset)
    }
    await io.files.syncDirectory(directory)
  }

  #bySegment(offsets: readonly number[]): Iterable<number[]> {
    const shares = new Map<number, number[]>()
    for (const offset of offsets) {
      const { baseOffset } = this.#parts.segments.find(offset)
      const share = shares.get(baseOffset)
      if (share === undefined) shares.set(baseOffset, [offset])
      else share.push(offset)
    }
    return shares.values()
  }

  /** The offsets are all in one segment, and not in the active one. */
  async #thin(offsets: readonly number[]): Promise<void> {
    this.#checkRunning()
    const segment = this.#parts.segments.find(offsets[0])
    await this.#rewrite(segment, new OffsetChoice(offsets), () => offsets)
  }

  async #rewrite(segment: Segment, choice: RecordChoice, dropped: () => readonly number[]): Promise<void> {
    const removed = await this.#rewriter.rewrite(segment, choice, () => {
      const { logStart } = this.#parts.segments
      const offsets = dropped()
      // Why not those below: they are gone already, and only their bytes were left. Few segments have any,
      // and there may be a million others: no copy of them is made for nothing.
      const isAnyBelow = offsets.length > 0 && offsets[0]! < logStart
      this.#untold = isAnyBelow ? offsets.filter((offset) => offset >= logStart) : offsets
      this.#tail.forgetUpTo(segment.endOffset - 1)
    })
    const offsets = this.#untold
    this.#untold = []
    if (removed > 0 && offsets.length > 0) this.#tell({ offsets })
  }

  /** Segments at the start that hold no record any more: they would stay for ever, one for each deletion. */
  async #dropEmptied(): Promise<void> {
    const { segments } = this.#parts
    const { all, active, logStart } = segments
    let start = logStart
    for (const { endOffset } of all) {
      if (endOffset > active.startOffset || (await this.#count.between(start, endOffset)) > 0) break
      start = endOffset
    }
    if (start > logStart) await this.#moveStart(segments.below(start), start)
  }

  /** What a folder that could not be synced has left: only now can nobody find it again. */
  async #tellUntold(): Promise<void> {
    const offsets = this.#untold
    if (offsets.length === 0) return
    await this.#parts.io.files.syncDirectory(this.#parts.directory)
    this.#untold = []
    this.#tell({ offsets })
  }

  #tell(removed: Removed): void {
    for (const listener of this.#listeners) listener(removed)
  }
}
