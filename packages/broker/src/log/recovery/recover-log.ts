// Opens the folder of a log: finds its segments, decides with the recovery table, and hands over what may
// be served. After it returns, everything that it accepted is durable and everything that it did not accept
// has a name.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Logger } from '../../base/logger.ts'
import { IoError } from '../../io/io.ts'
import type { File, FileSystem } from '../../io/io.ts'
import type { QuarantinedRange } from '../quarantined-range.ts'
import { OpenSegment } from '../segment/open-segments.ts'
import { SegmentIndex } from '../segment/segment-index.ts'
import { removeSegment } from '../segment/segment-files.ts'
import { segmentPath } from '../segment/segment-names.ts'
import { endOf, Segment } from '../segment/segment.ts'
import { listSegments } from './listed-segments.ts'
import { readLogStart } from './log-start.ts'
import type { QuarantineStore } from './quarantine-store.ts'
import { segmentRow, tailRow } from './recovery-table.ts'
import { tailRangeOf } from './segment-examiner.ts'
import type { Examination, SegmentExaminer } from './segment-examiner.ts'
import type { ScannedTail } from './segment-scan.ts'

export interface RecoveryParts {
  readonly files: FileSystem
  readonly logger: Logger
  readonly examiner: SegmentExaminer
  readonly quarantine: QuarantineStore
  readonly indexIntervalBytes: number
  readonly wasClosedCleanly: boolean
  readonly isDamageFatal: boolean
}

export interface RecoveredLog {
  /** At least one; the last one is active. */
  readonly segments: readonly Segment[]
  readonly active: OpenSegment
  /** What is missing between segments. */
  readonly gaps: readonly QuarantinedRange[]
  /** What the first segment holds below it is not served. */
  readonly logStart: number
  /** The active segment ends with something quarantined (row H): go on in a new one. */
  readonly mustRoll: boolean
}

export async function recoverLog(directory: string, parts: RecoveryParts): Promise<RecoveredLog> {
  await parts.files.makeDirectory(directory)
  return new Recovery(directory, parts).run()
}

class Recovery {
  readonly #directory: string
  readonly #parts: RecoveryParts
  readonly #segments: Segment[] = []
  readonly #gaps: QuarantinedRange[] = []
  #active: OpenSegment | undefined
  #mustRoll = false
  /** Where the segment before ends. */
  #expected = 0

  constructor(directory: string, parts: RecoveryParts) {
    this.#directory = directory
    this.#parts = parts
  }

  async run(): Promise<RecoveredLog> {
    const { files } = this.#parts
    const bases = await listSegments(files, this.#directory)
    const logStart = await this.#findLogStart(bases)
    const kept = await this.#removeBelow(bases, logStart)
    // Why not the log start where a segment holds it: what that one has below is whole, and no longer served.
    this.#expected = Math.min(logStart, kept[0] ?? logStart)
    for (let index = 0; index < kept.length; index++) await this.#openSegment(kept[index], kept[index + 1])
    if (this.#expected < logStart) await this.#beginAnew(logStart)
    const active = this.#active ?? (await this.#makeFirst())
    if (!this.#parts.wasClosedCleanly) await (await active.opening).sync()
    await files.syncDirectory(this.#directory)
    return { segments: this.#segments, active, gaps: this.#gaps, logStart, mustRoll: this.#mustRoll }
  }

  /**
   * Row Q: everything ends below the log start, since a power loss took the end of what had been purged. The
   * offsets go on where the purge was.
   */
  async #beginAnew(logStart: number): Promise<void> {
    await (await this.#active?.opening)?.close()
    this.#active = undefined
    this.#mustRoll = false
    for (const { baseOffset } of this.#segments.splice(0)) {
      await removeSegment(this.#parts.files, this.#directory, baseOffset)
    }
    this.#gaps.length = 0
    this.#expected = logStart
  }

  async #findLogStart(bases: readonly number[]): Promise<number> {
    const logStart = await readLogStart(this.#parts.files, this.#directory)
    if (logStart !== 'damaged') return logStart
    const fields = { directory: this.#directory, logStart: bases[0] ?? 0 }
    this.#parts.logger.error(fields, 'the log start is damaged; the oldest segment is taken for it')
    return fields.logStart
  }

  /** Row N: segments that a truncation has left behind. */
  async #removeBelow(bases: readonly number[], logStart: number): Promise<readonly number[]> {
    let first = 0
    for (; first + 1 < bases.length; first++) {
      const facts = { startOffset: bases[first], endOffset: bases[first + 1], expected: logStart, logStart }
      if (segmentRow({ ...facts, isLastSegment: false }) !== 'N') break
      await removeSegment(this.#parts.files, this.#directory, bases[first])
    }
    return bases.slice(first)
  }

  async #makeFirst(): Promise<OpenSegment> {
    const segment = new Segment(this.#directory, this.#expected)
    this.#segments.push(segment)
    const opening = this.#parts.files.open(segment.path, { create: true })
    await opening
    return new OpenSegment(segment, opening, new SegmentIndex(this.#parts.indexIntervalBytes))
  }

  async #openSegment(base: number, nextBase: number | undefined): Promise<void> {
    const segment = new Segment(this.#directory, base, Math.max(base, this.#expected))
    const file = await this.#parts.files.open(segment.path, { create: false })
    segment.sizeBytes = await file.size()
    segment.ranges = (await this.#parts.quarantine.read(segment)) ?? []
    const isLast = nextBase === undefined
    const index = await this.#findEnd(segment, file, nextBase)
    this.#place(segment, base, isLast)
    if (!isLast) {
      if (index !== undefined) await this.#parts.examiner.keepIndex(segment, index)
      return file.close()
    }
    this.#active = new OpenSegment(segment, Promise.resolve(file), index)
    this.#active.index ??= await this.#parts.examiner.loadIndex(this.#active)
  }

  /**
   * Sets where the segment ends, from its index if that can be believed, else by a scan, whose
   * index is returned.
   */
  async #findEnd(
    segment: Segment,
    file: File,
    nextBase: number | undefined,
  ): Promise<SegmentIndex | undefined> {
    const { examiner, wasClosedCleanly, indexIntervalBytes } = this.#parts
    const isLast = nextBase === undefined
    // Why only here: what is in earlier segments was durable before the next one was made; reads check it.
    const mayTrust = (!isLast || wasClosedCleanly) && segment.startOffset === segment.baseOffset
    if (mayTrust && segment.sizeBytes === 0) return new SegmentIndex(indexIntervalBytes)
    const probed = mayTrust ? await examiner.probeEnd(file, segment) : undefined
    if (probed !== undefined && probed <= (nextBase ?? probed)) {
      segment.endOffset = probed
      return undefined
    }
    const scanned = await examiner.scan(file, segment, Number.MAX_SAFE_INTEGER)
    await this.#settleTail(segment, file, scanned, nextBase)
    return scanned.index
  }

  async #settleTail(
    segment: Segment,
    file: File,
    { ranges, tail, endOffset }: Examination,
    nextBase: number | undefined,
  ): Promise<void> {
    segment.endOffset = endOffset
    if (tail === undefined) return this.#parts.examiner.quarantine(segment, ranges)
    const { wasClosedCleanly } = this.#parts
    const named = segment.ranges.find(
      (range) => range.position <= tail.position && tail.position < endOf(range),
    )
    const facts = { isLastSegment: nextBase === undefined, wasClosedCleanly, wasNamed: named !== undefined }
    const row = tailRow({ ...facts, hasWholeBatch: tail.hasWholeBatch, isZero: tail.isZero })
    const isCut = (row === 'F' || row === 'G') && (await this.#cut(segment, file, tail))
    if (isCut) return this.#parts.examiner.quarantine(segment, ranges)
    this.#mustRoll = row !== 'I'
    // Why above its own name: the next segment must not get the same one.
    const atLeast = row === 'I' ? (nextBase ?? 0) : segment.baseOffset + 1
    const bound = row === 'I' ? endOffset : Math.max(tail.offsetBound, named?.nextOffset ?? 0)
    segment.endOffset = Math.max(bound, atLeast)
    await this.#parts.examiner.quarantine(segment, [...ranges, tailRangeOf(tail, segment.endOffset)])
  }

  /** False where the bytes could not be saved for want of space: then they stay, as if they were damage. */
  async #cut(segment: Segment, file: File, tail: ScannedTail): Promise<boolean> {
    const { logger } = this.#parts
    const { position, sizeBytes } = tail
    const fields = { file: segment.path, position, sizeBytes, endOffset: segment.endOffset }
    if (tail.isZero) logger.info(fields, 'zeros at the end of the log are cut: it was not closed in order')
    else {
      const savedAs = await this.#save(segment, file, tail)
      if (savedAs === undefined) return false
      logger.warn(
        { ...fields, savedAs },
        'the end of the log is cut: a write was interrupted; its bytes are saved',
      )
    }
    await file.truncate(position)
    segment.sizeBytes = position
    return true
  }

  async #save(segment: Segment, file: File, tail: ScannedTail): Promise<string | undefined> {
    try {
      return await this.#parts.quarantine.save(segment, file, tail.position, tail.sizeBytes)
    } catch (error) {
      if (!(error instanceof IoError) || error.kind !== 'full') throw error
      if (this.#parts.isDamageFatal) {
        const text = `There is no space to save the torn end of ${segment.path}`
        throw new BrokerError('disk-full', text, { cause: error })
      }
      this.#parts.logger.warn(
        { error, segment: segment.path },
        'no space to save a torn end: it is left in place',
      )
      return undefined
    }
  }

  /** Rows J to M. */
  #place(segment: Segment, base: number, isLastSegment: boolean): void {
    const expected = this.#expected
    const row = segmentRow({
      startOffset: base,
      endOffset: segment.endOffset,
      expected,
      logStart: 0,
      isLastSegment,
    })
    if (row === 'K') this.#nameGap(segment, base)
    // Why the last one is kept in row M: something must be active; it holds nothing that is served.
    if (row !== 'M' || isLastSegment) this.#segments.push(segment)
    else this.#gaps.push(...segment.quarantined)
    this.#expected = Math.max(expected, segment.endOffset)
  }

  #nameGap(segment: Segment, base: number): void {
    const file = segmentPath(segment.directory, this.#expected, 'log')
    const range = { file, position: 0, sizeBytes: 0, baseOffset: this.#expected, nextOffset: base }
    this.#gaps.push({ ...range, reason: 'missing-segment' })
    this.#parts.logger.error(range, 'a segment of the log is missing; the rest is served')
  }
}
