// `client.log(stream).read`: the records of one partition in offset order, without a flow consumer. The next
// answer is asked for before the last one is handed out, so that broker and reader work at the same time.

import type { ByteReader } from '@sluice/protocol/bytes/byte-reader'
import { BrokerError } from '@sluice/protocol/errors/broker-error'
import { opcodes } from '@sluice/protocol/native/frame'
import {
  readFrom,
  readPlaceBytes,
  readReadPlace,
  readReadResult,
  writeRead,
} from '@sluice/protocol/native/publish-messages'
import type { ReadPlace, ReadRequest, ReadResult } from '@sluice/protocol/native/publish-messages'
import {
  baseOffsetOf,
  batchSizeOf,
  isBatchShaped,
  isChecksumRight,
  isControlBatch,
  lastOffsetOf,
} from '@sluice/protocol/record/record-batch'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { inRange } from '../client-options.ts'
import type { Router } from '../routing/router.ts'
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

interface Answer extends ReadResult {
  /** Ours to keep. */
  readonly batches: Buffer
}

type ReadEnd = Pick<ReadPlace, 'nextOffset' | 'highWatermark'>

/** Hears where an answer ends, as soon as that is known. */
type Begun = (place: ReadEnd) => void

type Start = Pick<ReadRequest, 'from' | 'value'>

/** A read that is under way. */
interface Asked {
  /** Known before all of the answer is here; undefined where there is none. */
  readonly place: Promise<ReadEnd | undefined>
  readonly outcome: Promise<Outcome>
}

type Outcome = { readonly batch: LogBatch } | { readonly error: unknown }

export class Log {
  readonly #router: Router
  readonly #stream: string

  constructor(router: Router, stream: string) {
    this.#router = router
    this.#stream = stream
  }

  /** Ends at the end of the log as it is when the reader gets there; goes on for ever with `follow`. */
  async *read(options: LogReadOptions = {}): AsyncGenerator<LogBatch, void, void> {
    const partition = inRange('partition', options.partition ?? 0, 0, 0xffff_ffff)
    const bytesMax = inRange('batchBytes', options.batchBytes ?? 1024 * 1024, 1, 16 * 1024 * 1024)
    const waitMs = options.follow === true ? followWaitMs : 0
    const ended = new AbortController()
    const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal
    const bounds = { stream: this.#stream, partition, bytesMax, waitMs }
    const ask = (start: Start): Asked => this.#ask({ ...bounds, ...start }, signal)
    const isLast = (at: ReadEnd): boolean => at.nextOffset >= at.highWatermark && options.follow !== true
    try {
      let asked = ask(startOf(options.from ?? 'first'))
      for (;;) {
        const place = await asked.place
        let ahead = place === undefined || isLast(place) ? undefined : ask(offsetStart(place.nextOffset))
        const outcome = await asked.outcome
        if (options.signal?.aborted === true) return
        if ('error' in outcome) throw outcome.error
        const { batch } = outcome
        // Why: where the broker had to look again, it may not have got as far as it said before.
        if (batch.nextOffset !== place?.nextOffset) ahead = undefined
        if (!isLast(batch)) ahead ??= ask(offsetStart(batch.nextOffset))
        if (batch.records.length > 0) yield batch
        if (ahead === undefined) return
        asked = ahead
      }
    } finally {
      ended.abort()
    }
  }

  /** Nothing of it rejects: nobody may be waiting when it fails. */
  #ask(request: ReadRequest, signal: AbortSignal): Asked {
    const { promise: place, resolve } = Promise.withResolvers<ReadEnd | undefined>()
    const outcome = this.#batchOf(request, signal, resolve).then(
      (batch) => ({ batch }),
      (error: unknown) => ({ error }),
    )
    void outcome.then(() => resolve(undefined))
    return { place, outcome }
  }

  /** Where bytes have come damaged, the broker is told, and looks again at what it sends. */
  async #batchOf(request: ReadRequest, signal: AbortSignal, begun: Begun): Promise<LogBatch> {
    const answer = await this.#fetch(request, signal, begun)
    try {
      return toLogBatch(request, answer)
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code !== 'corrupt-batch') throw error
      const value = request.from === readFrom.offset ? request.value : baseOffsetOf(answer.batches, 0)
      const doubted = { ...request, from: readFrom.doubtedOffset, value }
      return toLogBatch(request, await this.#fetch(doubted, signal, () => {}))
    }
  }

  #fetch(request: ReadRequest, signal: AbortSignal, begun: Begun): Promise<Answer> {
    const { stream, partition, waitMs } = request
    return this.#router.retry(stream, waitMs, async (spentMs) => {
      const link = await this.#router.leader(stream, partition, spentMs)
      return link.request({
        opcode: opcodes.read,
        isRepeatable: true,
        sizeBytes: 0,
        waitMs: waitMs - spentMs,
        signal,
        encode: (writer) => writeRead(writer, request),
        headBytes: readPlaceBytes,
        begun: (reader) => begun(readReadPlace(reader)),
        decode: (reader, isOwned) => answerOf(reader, isOwned, begun),
      })
    })
  }
}

function answerOf(reader: ByteReader, isOwned: boolean, begun: Begun): Answer {
  const result = readReadResult(reader)
  begun(result)
  const { buffer, byteOffset, length } = result.batches
  const batches = isOwned ? Buffer.from(buffer, byteOffset, length) : Buffer.from(result.batches)
  return { ...result, batches }
}

/** `asked` tells which of the records are wanted; it may be older than the request that was answered. */
function toLogBatch(asked: ReadRequest, { batches, nextOffset, highWatermark }: Answer): LogBatch {
  const isAtEnd = nextOffset >= highWatermark
  if (!isAtEnd && asked.from === readFrom.offset && nextOffset <= asked.value) throw stuck(nextOffset)
  return { partition: asked.partition, highWatermark, nextOffset, records: wantedRecords(asked, batches) }
}

function offsetStart(value: number): Start {
  return { from: readFrom.offset, value }
}

function startOf(from: LogStart): Start {
  if (from === 'first' || from === 'last' || from === 'next') return { from: readFrom[from], value: 0 }
  if (typeof from === 'object' && from !== null) {
    if ('offset' in from) return offsetStart(inRange('offset', from.offset, 0, 2 ** 53 - 1))
    if ('time' in from)
      return { from: readFrom.time, value: inRange('time', Number(from.time), 0, 2 ** 53 - 1) }
  }
  throw new BrokerError('invalid-option', `from must be { offset }, { time }, 'first', 'last' or 'next'`)
}

/** The first batch may begin before what was asked for; of `last`, its last record is the one. */
function wantedRecords(request: ReadRequest, batches: Buffer): LogMessage[] {
  const records = readRecords(request.partition, batches)
  const { from, value } = request
  if (records.length === 0 || from === readFrom.first || from === readFrom.next) return records
  // Why not the last offset of the batch: its record may have been deleted.
  if (from === readFrom.last) {
    const lastOffset = lastOffsetOf(batches, 0)
    return records.slice(
      Math.max(
        records.findLastIndex(({ offset }) => offset <= lastOffset),
        0,
      ),
    )
  }
  const wanted = records.findIndex(({ offset, timestamp }) => {
    return from === readFrom.time ? timestamp >= value : offset >= value
  })
  return wanted < 0 ? [] : records.slice(wanted)
}

function readRecords(partition: number, batches: Buffer): LogMessage[] {
  const records: LogMessage[] = []
  const cursor = new RecordCursor()
  for (let at = 0; at < batches.length; at += batchSizeOf(batches, at)) {
    checkBatch(batches, at)
    if (isControlBatch(batches, at)) continue
    cursor.open(batches, at)
    const { buffer, byteOffset, length } = cursor.bytes
    // Why a view: of a compressed batch the bytes are the cursor's, and no Buffer.
    const bytes = Buffer.from(buffer, byteOffset, length)
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
}

function stuck(nextOffset: number): BrokerError {
  return new BrokerError('internal', `The broker does not get past offset ${nextOffset}`)
}
