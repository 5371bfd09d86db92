// `client.log(stream).read`: the records of one partition in offset order, without a flow consumer.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import { readFrom, readReadResult, writeRead } from '@sluice/protocol/native/publish-messages'
import type { ReadRequest } from '@sluice/protocol/native/publish-messages'
import {
  batchSizeOf,
  compressionOf,
  isBatchShaped,
  isChecksumRight,
  isControlBatch,
  lastOffsetOf,
} from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { inRange } from '../client-options.ts'
import type { Link } from '../link/link.ts'
import { LogMessage } from './log-message.ts'

export type { LogMessage } from './log-message.ts'

export type LogStart =
  | { readonly offset: number }
  | { readonly time: number | Date }
  | 'first'
  | 'last'
  | 'next'

export interface LogReadOptions {
  /** Default 0. */
  readonly partition?: number | undefined
  /**
   * `{ offset }`; `{ time }`, the first record that is not older (milliseconds since 1970 or a Date);
   * `'first'` that is kept; `'last'`; `'next'`, only what is published from now on. Default `'first'`.
   */
  readonly from?: LogStart | undefined
  /** Goes on with what is published later instead of ending. Default false. */
  readonly follow?: boolean | undefined
  /** About how much is fetched at a time. Default 1 MiB. */
  readonly batchBytes?: number | undefined
  /** Ends the loop without an error. */
  readonly signal?: AbortSignal | undefined
}

export interface LogBatch {
  readonly partition: number
  readonly records: readonly LogMessage[]
  /** Where the next batch begins. */
  readonly nextOffset: number
  /** The offset after the last record that could be read at the time. */
  readonly highWatermark: number
}

/** How long the broker holds the answer back for a record to come. */
const followWaitMs = 5_000

export class Log {
  readonly #link: Link
  readonly #stream: string

  constructor(link: Link, stream: string) {
    this.#link = link
    this.#stream = stream
  }

  /** Ends at the end of the log as it is when the reader gets there; goes on for ever with `follow`. */
  async *read(options: LogReadOptions = {}): AsyncGenerator<LogBatch, void, void> {
    const partition = inRange('partition', options.partition ?? 0, 0, 0xffff_ffff)
    const bytesMax = inRange('batchBytes', options.batchBytes ?? 1024 * 1024, 1, 16 * 1024 * 1024)
    const waitMs = options.follow === true ? followWaitMs : 0
    const { signal } = options
    let start = startOf(options.from ?? 'first')
    for (;;) {
      const request = { stream: this.#stream, partition, ...start, bytesMax, waitMs }
      const batch = await this.#fetch(request, signal).catch((error: unknown) => {
        if (signal?.aborted === true) return undefined
        throw error
      })
      if (batch === undefined) return
      if (batch.records.length > 0) yield batch
      const isAtEnd = batch.nextOffset >= batch.highWatermark
      if (signal?.aborted === true || (isAtEnd && options.follow !== true)) return
      if (!isAtEnd && start.from === readFrom.offset && batch.nextOffset <= start.value) throw stuck(batch)
      start = { from: readFrom.offset, value: batch.nextOffset }
    }
  }

  #fetch(request: ReadRequest, signal: AbortSignal | undefined): Promise<LogBatch> {
    return this.#link.request({
      opcode: opcodes.read,
      isRepeatable: true,
      sizeBytes: 0,
      waitMs: request.waitMs,
      signal,
      encode: (writer) => writeRead(writer, request),
      decode: (reader) => {
        const { batches, highWatermark, nextOffset } = readReadResult(reader)
        const { partition } = request
        return {
          partition,
          highWatermark,
          nextOffset,
          records: wantedRecords(request, batches),
        }
      },
    })
  }
}

function startOf(from: LogStart): Pick<ReadRequest, 'from' | 'value'> {
  if (from === 'first' || from === 'last' || from === 'next') return { from: readFrom[from], value: 0 }
  if (typeof from === 'object' && from !== null) {
    if ('offset' in from)
      return { from: readFrom.offset, value: inRange('offset', from.offset, 0, 2 ** 53 - 1) }
    if ('time' in from)
      return { from: readFrom.time, value: inRange('time', Number(from.time), 0, 2 ** 53 - 1) }
  }
  throw new BrokerError('invalid-option', `from must be { offset }, { time }, 'first', 'last' or 'next'`)
}

/** The first batch may begin before what was asked for; of `last`, its last record is the one. */
function wantedRecords(request: ReadRequest, batches: Uint8Array): LogMessage[] {
  const records = readRecords(request.partition, batches)
  const { from, value } = request
  if (records.length === 0 || from === readFrom.first || from === readFrom.next) return records
  const offsetMin = from === readFrom.last ? lastOffsetOf(batches, 0) : value
  const wanted = records.findIndex(({ offset, timestamp }) => {
    return from === readFrom.time ? timestamp >= value : offset >= offsetMin
  })
  return wanted < 0 ? [] : records.slice(wanted)
}

/** Copies each record batch once; the bytes of an answer are borrowed. */
function readRecords(partition: number, batches: Uint8Array): LogMessage[] {
  const records: LogMessage[] = []
  const cursor = new RecordCursor()
  for (let at = 0; at < batches.length; at += batchSizeOf(batches, at)) {
    checkBatch(batches, at)
    if (isControlBatch(batches, at)) continue
    const bytes = Buffer.from(batches.subarray(at, at + batchSizeOf(batches, at)))
    cursor.open(bytes, 0)
    while (cursor.next()) records.push(new LogMessage(partition, bytes, cursor))
    if (cursor.isDamaged) throw new BrokerError('invalid-batch', 'The records of a batch do not fit it')
  }
  return records
}

function checkBatch(batches: Uint8Array, at: number): void {
  if (!isBatchShaped(batches, at, batches.length)) {
    throw new BrokerError('invalid-batch', 'The broker sent what is no record batch')
  }
  if (!isChecksumRight(batches, at)) {
    throw new BrokerError('corrupt-batch', 'The checksum of a record batch is wrong')
  }
  if (compressionOf(batches, at) !== 0) {
    throw new BrokerError(
      'compression-not-accepted',
      'The records are compressed, which this client cannot read',
    )
  }
}

function stuck({ nextOffset }: LogBatch): BrokerError {
  return new BrokerError('internal', `The broker does not get past offset ${nextOffset}`)
}
