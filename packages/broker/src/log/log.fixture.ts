// What the tests of this layer share: batches that say what they are, options, and reading a log to its end.

import { crc32c } from '@sluice/protocol/bytes/crc32c'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { decodeRecords } from '@sluice/protocol/record/log-record'
import type { Logger } from '../base/logger.ts'
import { memoryFiles } from '../io/memory-files.ts'
import type { FileSystem, Io } from '../io/io.ts'
import { realIo } from '../io/real-io.ts'
import type { Log, LogOptions } from './log.ts'
import { TailCache } from './tail-cache.ts'

export interface LoggedLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
}

export interface ListeningLogger extends Logger {
  readonly lines: LoggedLine[]
}

export function listeningLogger(): ListeningLogger {
  const lines: LoggedLine[] = []
  const hear =
    (level: LoggedLine['level']) =>
    (_fields: object, message: string): void => {
      lines.push({ level, message })
    }
  return { lines, debug: () => {}, info: hear('info'), warn: hear('warn'), error: hear('error') }
}

/** Real time, files in memory; the files outlive what is opened on them. */
export function memoryIo(files: FileSystem = memoryFiles()): Io {
  return { ...realIo(), files }
}

export function logOptions(changes: Partial<LogOptions> = {}): LogOptions {
  return {
    durability: 'fsync',
    segmentBytes: 1024 * 1024,
    segmentMs: 3_600_000,
    indexIntervalBytes: 256,
    tail: new TailCache(0),
    logger: listeningLogger(),
    wasClosedCleanly: false,
    ...changes,
  }
}

/** One batch with a record for each value, all at the given time. */
export function batchOf(values: readonly (string | Uint8Array)[], timeMs = 1_000): Uint8Array {
  const builder = new RecordBatchBuilder()
  for (const value of values) builder.add(timeMs, 'key', value)
  return builder.take()
}

export interface ReadRecord {
  readonly offset: number
  readonly value: string
}

/** All that the log serves, from its start or the given offset on. */
export async function readAll(log: Log, from = log.logStart, bytesMax = 1000): Promise<ReadRecord[]> {
  const records: ReadRecord[] = []
  for (let offset = from; offset < log.durableEnd;) {
    const slice = await log.read(offset, bytesMax)
    if (slice.nextOffset <= offset) throw new Error(`reading at ${offset} leads to ${slice.nextOffset}`)
    for (let at = slice.start; at < slice.end; at += batchSizeOf(slice.bytes, at)) {
      for (const record of decodeRecords(slice.bytes, at)) {
        if (record.offset < offset) continue
        records.push({ offset: record.offset, value: Buffer.from(record.data ?? []).toString() })
      }
    }
    offset = slice.nextOffset
  }
  return records
}

export async function contentOf(files: FileSystem, path: string): Promise<Uint8Array> {
  const file = await files.open(path, { create: false })
  const bytes = new Uint8Array(await file.size())
  await file.read(bytes, 0)
  await file.close()
  return bytes
}

/** Replaces the contents, or makes the file. */
export async function putFile(files: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await files.open(path, { create: true })
  await file.truncate(0)
  await file.write([bytes], 0)
  await file.close()
}

/**
 * Files of a folder and those below, as they are: two of these are compared after something
 * that changes nothing.
 */
export async function snapshotOf(files: FileSystem, directory: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const { name, isDirectory } of await files.list(directory)) {
    const path = `${directory}/${name}`
    if (!isDirectory) found.set(path, Buffer.from(await contentOf(files, path)).toString('base64'))
    else for (const [below, content] of await snapshotOf(files, path)) found.set(below, content)
  }
  return found
}

/** A small generator for tests that need many choices from one seed. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** The checksum made right again, after a test has changed what it covers. */
export function resealed(batch: Uint8Array): Uint8Array {
  new DataView(batch.buffer, batch.byteOffset).setUint32(17, crc32c(batch, 21, batch.length))
  return batch
}

/** An object's methods as functions of their own, for a test that replaces one of them. */
export function bound<T extends object>(object: T): T {
  const methods: Record<string, unknown> = {}
  for (
    let place: object | null = object;
    place !== null && place !== Object.prototype;
    place = Object.getPrototypeOf(place)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(place))) {
      if (typeof value === 'function' && !(name in methods)) methods[name] = value.bind(object)
    }
  }
  return methods as T
}
