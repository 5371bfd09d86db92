// Looks at a log that no broker has open, batch by batch, with the eyes of recovery, and changes nothing.
// What recovery would cut, quarantine or make anew comes out as findings, in the order of the files.

import type { FileSystem } from '../../io/io.ts'
import type { QuarantineReason } from '../quarantined-range.ts'
import { decodeIndex } from '../segment/index-codec.ts'
import type { IndexColumns } from '../segment/segment-index.ts'
import { SegmentIndex } from '../segment/segment-index.ts'
import { baseOffsetsIn, segmentPath } from '../segment/segment-names.ts'
import type { BadRange } from '../segment/segment.ts'
import { nextOffsetOf } from '../segment/stored-batch.ts'
import { readFileIfAny } from '../atomic-file.ts'
import { readLogStart } from './log-start.ts'
import { tailRow } from './recovery-table.ts'
import { SegmentScan } from './segment-scan.ts'
import type { ScannedTail } from './segment-scan.ts'

export interface SurveyFinding {
  readonly file: string
  readonly position: number
  readonly sizeBytes: number
  readonly baseOffset: number
  readonly nextOffset: number
  /**
   * A reason of quarantine: records are lost or in doubt. `torn-tail`, `zero-tail`: an interrupted write,
   * which the next start cuts. `unusable-index`: made anew when needed. `damaged-log-start`: taken from the
   * first segment.
   */
  readonly kind: QuarantineReason | 'torn-tail' | 'zero-tail' | 'unusable-index' | 'damaged-log-start'
}

export interface SurveyedBatch {
  readonly file: string
  readonly position: number
  /** Borrowed until the next row is asked for. */
  readonly bytes: Uint8Array
  /** Where the batch begins in `bytes`. */
  readonly at: number
}

export type SurveyRow =
  | { readonly batch: SurveyedBatch }
  | { readonly finding: SurveyFinding }
  | { readonly segment: string }

export interface SurveyOptions {
  readonly wasClosedCleanly: boolean
  /** Segments that end below it are left out. */
  readonly fromOffset: number
}

export async function* surveyLog(
  files: FileSystem,
  directory: string,
  options: SurveyOptions,
): AsyncGenerator<SurveyRow, void, undefined> {
  const bases = baseOffsetsIn(await files.list(directory))
  const logStart = await readLogStart(files, directory)
  if (logStart === 'damaged')
    yield { finding: wholeFile(`${directory}/log-start`, bases[0] ?? 0, 'damaged-log-start') }
  const start = logStart === 'damaged' ? (bases[0] ?? 0) : logStart
  // Why not the log start where a segment holds it: what that one has below is whole.
  let expected = Math.min(start, bases.findLast((base) => base <= start) ?? start)
  // Why: a folder that has files of a log had segments, and they are gone.
  if (bases.length === 0) yield { finding: missingSegment(directory, expected, expected) }
  for (const [index, base] of bases.entries()) {
    const nextBase = bases[index + 1]
    if (nextBase !== undefined && nextBase <= Math.max(options.fromOffset, start)) {
      expected = Math.max(expected, nextBase)
      continue
    }
    if (base > expected) yield { finding: missingSegment(directory, expected, base) }
    const survey = new SegmentSurvey(files, directory, base, Math.max(base, expected))
    yield* survey.rows(nextBase, options.wasClosedCleanly)
    expected = Math.max(expected, survey.endOffset)
  }
}

class SegmentSurvey {
  readonly #files: FileSystem
  readonly #directory: string
  readonly #base: number
  readonly #path: string
  #rows: SurveyRow[] = []
  /** How many of the scan's ranges are among the rows. */
  #rangeCount = 0
  #columns: IndexColumns | undefined
  /** The next entry of the stored index that must be met. */
  #entry = 0
  endOffset: number

  constructor(files: FileSystem, directory: string, base: number, startOffset: number) {
    this.#files = files
    this.#directory = directory
    this.#base = base
    this.#path = segmentPath(directory, base, 'log')
    this.endOffset = startOffset
  }

  async *rows(
    nextBase: number | undefined,
    wasClosedCleanly: boolean,
  ): AsyncGenerator<SurveyRow, void, undefined> {
    yield { segment: this.#path }
    const file = await this.#files.open(this.#path, { create: false })
    try {
      const sizeBytes = await file.size()
      this.#columns = await this.#readIndex(sizeBytes)
      const scan = new SegmentScan({
        file,
        sizeBytes,
        startOffset: this.endOffset,
        isExact: this.endOffset === this.#base,
        offsetMax: Number.MAX_SAFE_INTEGER,
        index: new SegmentIndex(sizeBytes + 1),
        onBatch: (bytes, at, position) => this.#onBatch(bytes, at, position),
      })
      while (await scan.advance()) {
        this.#addRanges(scan.ranges)
        yield* this.#takeRows()
      }
      const { tail, endOffset } = await scan.finish()
      this.endOffset = endOffset
      if (tail !== undefined) this.#addTail(tail, nextBase, wasClosedCleanly)
      // Why not of the last one after a crash: recovery does not look at it.
      const isIndexNeeded = sizeBytes > 0 && (nextBase !== undefined || wasClosedCleanly)
      // Why not behind damage: an entry that leads to a damaged batch may be right.
      if (isIndexNeeded && this.#rangeCount === 0 && tail === undefined) this.#checkIndex()
      yield* this.#takeRows()
    } finally {
      await file.close()
    }
  }

  #onBatch(bytes: Uint8Array, at: number, position: number): void {
    this.#rows.push({ batch: { file: this.#path, position, bytes, at } })
    const columns = this.#columns
    if (columns === undefined || columns.positions[this.#entry] !== position) return
    if (columns.offsets[this.#entry] === nextOffsetOf(bytes, at) - 1) this.#entry++
  }

  #takeRows(): SurveyRow[] {
    const rows = this.#rows
    this.#rows = []
    const positionOf = (row: SurveyRow): number => {
      if ('batch' in row) return row.batch.position
      return 'finding' in row ? row.finding.position - 0.5 : -1
    }
    return rows.sort((a, b) => positionOf(a) - positionOf(b))
  }

  #addRanges(ranges: readonly BadRange[]): void {
    for (; this.#rangeCount < ranges.length; this.#rangeCount++) {
      const { reason: kind, ...range } = ranges[this.#rangeCount]
      this.#rows.push({ finding: { file: this.#path, ...range, kind } })
    }
  }

  #addTail(tail: ScannedTail, nextBase: number | undefined, wasClosedCleanly: boolean): void {
    const { position, sizeBytes, baseOffset, hasWholeBatch, isZero, offsetBound } = tail
    const facts = {
      isLastSegment: nextBase === undefined,
      wasClosedCleanly,
      wasNamed: false,
      hasWholeBatch,
      isZero,
    }
    const place = { file: this.#path, position, sizeBytes, baseOffset }
    const row = tailRow(facts)
    if (row === 'F' || row === 'G') {
      const kind = row === 'F' ? 'zero-tail' : 'torn-tail'
      this.#rows.push({ finding: { ...place, nextOffset: baseOffset, kind } })
      return
    }
    this.endOffset = row === 'I' ? Math.max(this.endOffset, nextBase ?? 0) : offsetBound
    this.#rows.push({ finding: { ...place, nextOffset: this.endOffset, kind: tail.reason } })
  }

  async #readIndex(sizeBytes: number): Promise<IndexColumns | undefined> {
    const index = await readFileIfAny(this.#files, segmentPath(this.#directory, this.#base, 'index'))
    const timeIndex = await readFileIfAny(this.#files, segmentPath(this.#directory, this.#base, 'timeindex'))
    if (index === undefined || timeIndex === undefined) return undefined
    return decodeIndex({ index, timeIndex }, this.#base, sizeBytes)
  }

  /** Every entry must have led to a batch. */
  #checkIndex(): void {
    if (this.#columns !== undefined && this.#entry === this.#columns.offsets.length && this.#entry > 0) return
    const file = segmentPath(this.#directory, this.#base, 'index')
    this.#rows.push({ finding: wholeFile(file, this.#base, 'unusable-index') })
  }
}

function wholeFile(file: string, offset: number, kind: SurveyFinding['kind']): SurveyFinding {
  return { file, position: 0, sizeBytes: 0, baseOffset: offset, nextOffset: offset, kind }
}

function missingSegment(directory: string, expected: number, base: number): SurveyFinding {
  const file = segmentPath(directory, expected, 'log')
  return { file, position: 0, sizeBytes: 0, baseOffset: expected, nextOffset: base, kind: 'missing-segment' }
}
