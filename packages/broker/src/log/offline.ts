// Looks into a data directory that no broker uses: is all of it sound, and what is in it. Changes nothing.

import {
  compressionOf,
  baseOffsetOf,
  batchSizeOf,
  isControlBatch,
  leaderEpochOf,
  maxTimestampOf,
  recordCountOf,
} from '@sluice/protocol/record/record-batch'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import type { LogRecord } from '@sluice/protocol/record/log-record'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { IoError } from '../io/io.ts'
import type { FileLock, FileSystem, Io } from '../io/io.ts'
import { checkFormat, hasCleanMark, lockedError, lockName } from './data-directory.ts'
import { readLogStart } from './recovery/log-start.ts'
import { surveyLog } from './recovery/log-survey.ts'
import type { SurveyedBatch, SurveyFinding } from './recovery/log-survey.ts'
import { nextOffsetOf } from './segment/stored-batch.ts'

export type { SurveyFinding } from './recovery/log-survey.ts'

/** A finding, and the folder of the log that it is in. */
export interface LogFinding extends SurveyFinding {
  readonly directory: string
  /** False for what recovers without loss: an interrupted write, an index. */
  readonly isDamage: boolean
}

export interface VerifySummary {
  readonly logs: number
  readonly segments: number
  readonly batches: number
  readonly records: number
  readonly sizeBytes: number
  readonly wasClosedCleanly: boolean
  /** Findings with `isDamage`. */
  readonly damages: number
  readonly otherFindings: number
}

export interface DumpedBatch {
  readonly kind: 'batch'
  readonly file: string
  readonly position: number
  readonly sizeBytes: number
  readonly baseOffset: number
  readonly nextOffset: number
  readonly leaderEpoch: number
  readonly recordCount: number
  readonly maxTimestamp: number
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly compression: number
  readonly isControl: boolean
  /** Only if asked for, and if the batch is not compressed. */
  readonly records?: readonly LogRecord[]
}

export type DumpRow = DumpedBatch | ({ readonly kind: 'finding' } & { readonly finding: LogFinding })

export interface DumpOptions {
  readonly records?: boolean
  readonly fromOffset?: number
  /** Exclusive. */
  readonly toOffset?: number
  readonly wasClosedCleanly?: boolean
}

const logFolders = ['streams', 'catalog', 'progress']
const logFilePattern = /^(\d{20}\.(log|index|timeindex|quarantine|thinned)|log-start)$/
const harmlessKinds: ReadonlySet<SurveyFinding['kind']> = new Set([
  'torn-tail',
  'zero-tail',
  'unusable-index',
])

/**
 * Checks every batch of every log below the data directory; `report` hears of each finding as it is met.
 * Holds the lock meanwhile: `data-directory-locked` while a broker runs.
 */
export async function verifyDirectory(
  io: Io,
  dataDirectory: string,
  report: (finding: LogFinding) => void,
): Promise<VerifySummary> {
  const lock = await openExisting(io.files, dataDirectory)
  try {
    const wasClosedCleanly = await hasCleanMark(io.files, dataDirectory)
    const count = { logs: 0, segments: 0, batches: 0, records: 0, sizeBytes: 0, damages: 0, otherFindings: 0 }
    for await (const directory of logsBelow(io.files, dataDirectory)) {
      count.logs++
      for await (const row of surveyLog(io.files, directory, { wasClosedCleanly, fromOffset: 0 })) {
        if ('segment' in row) count.segments++
        else if ('finding' in row) {
          const finding = findingOf(directory, row.finding)
          if (finding.isDamage) count.damages++
          else count.otherFindings++
          report(finding)
        } else {
          count.batches++
          count.records += recordCountOf(row.batch.bytes, row.batch.at)
          count.sizeBytes += batchSizeOf(row.batch.bytes, row.batch.at)
        }
      }
    }
    return { ...count, wasClosedCleanly }
  } catch (error) {
    throw readable(error, `The data directory ${dataDirectory} cannot be read`)
  } finally {
    await lock?.release()
  }
}

/**
 * The batches of one log, with what is wrong between them, in order. Takes no lock: nothing
 * may write there.
 */
export async function* dumpLog(
  io: Io,
  directory: string,
  options: DumpOptions = {},
): AsyncGenerator<DumpRow, void, undefined> {
  const { toOffset = Number.MAX_SAFE_INTEGER, wasClosedCleanly = false } = options
  try {
    const found = await readLogStart(io.files, directory)
    const logStart = found === 'damaged' ? 0 : found
    const fromOffset = Math.max(options.fromOffset ?? 0, logStart)
    for await (const row of surveyLog(io.files, directory, { fromOffset, wasClosedCleanly })) {
      if ('segment' in row) continue
      if ('finding' in row) {
        yield { kind: 'finding', finding: findingOf(directory, row.finding) }
        continue
      }
      const { bytes, at } = row.batch
      if (baseOffsetOf(bytes, at) >= toOffset) return
      if (nextOffsetOf(bytes, at) <= fromOffset) continue
      const batch = dumpedBatch(row.batch)
      yield options.records === true ? { ...batch, records: recordsFrom(row.batch, logStart) } : batch
    }
  } catch (error) {
    throw readable(error, `The log in ${directory} cannot be read`)
  }
}

function dumpedBatch({ file, position, bytes, at }: SurveyedBatch): DumpedBatch {
  return {
    kind: 'batch',
    file,
    position,
    sizeBytes: batchSizeOf(bytes, at),
    baseOffset: baseOffsetOf(bytes, at),
    nextOffset: nextOffsetOf(bytes, at),
    leaderEpoch: leaderEpochOf(bytes, at),
    recordCount: recordCountOf(bytes, at),
    maxTimestamp: maxTimestampOf(bytes, at),
    compression: compressionOf(bytes, at),
    isControl: isControlBatch(bytes, at),
  }
}

/** What is below was purged, and its bytes wait for the rest of their segment to go. */
function recordsFrom({ bytes, at }: SurveyedBatch, logStart: number): LogRecord[] {
  const owned = bytes.slice(at, at + batchSizeOf(bytes, at))
  return decodeRecords(owned, 0).filter(({ offset }) => offset >= logStart)
}

function findingOf(directory: string, finding: SurveyFinding): LogFinding {
  return { directory, ...finding, isDamage: !harmlessKinds.has(finding.kind) }
}

async function openExisting(files: FileSystem, path: string): Promise<FileLock | undefined> {
  try {
    if (!(await checkFormat(files, path))) {
      throw new BrokerError('data-directory-invalid', `${path} is no data directory: it has no format file`)
    }
    // Why only where the file is: this changes nothing, not even by a lock file.
    const names = (await files.list(path)).map(({ name }) => name)
    return names.includes(lockName) ? await files.lock(`${path}/${lockName}`) : undefined
  } catch (error) {
    if (error instanceof IoError && error.kind === 'locked') throw lockedError(path, error)
    throw readable(error, `The data directory ${path} cannot be read`)
  }
}

/** Every folder below that holds files of a log. */
async function* logsBelow(files: FileSystem, dataDirectory: string): AsyncGenerator<string, void, undefined> {
  const names = new Set((await files.list(dataDirectory)).map(({ name }) => name))
  const waiting = logFolders.filter((name) => names.has(name)).map((name) => `${dataDirectory}/${name}`)
  for (let directory = waiting.shift(); directory !== undefined; directory = waiting.shift()) {
    const entries = await files.list(directory)
    if (entries.some(({ name, isDirectory }) => !isDirectory && logFilePattern.test(name))) {
      yield directory
      continue
    }
    const below = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => `${directory}/${name}`)
    waiting.unshift(...below.sort())
  }
}

function readable(error: unknown, text: string): unknown {
  if (!(error instanceof IoError)) return error
  return new BrokerError('io-failed', `${text}: ${error.message}`, { cause: error })
}
