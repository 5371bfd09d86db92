// Small durable state that is replayed at start: puts and removals of keys, in order, in a log of their own.
// Must never be asked for a single key: who needs the state keeps it in memory and replays it once.
//
// Each record is a key with its value, or without one when it is removed. A record without a key marks the
// end of a snapshot: what is before the log start was written again up to here.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import { batchSizeOf } from '@sluice/protocol/record/record-batch'
import { RecordBatchBuilder } from '@sluice/protocol/record/record-batch-builder'
import { RecordCursor } from '@sluice/protocol/record/record-cursor'
import { assert } from '../base/assert.ts'
import type { Clock, Io } from '../io/io.ts'
import { Log } from './log.ts'
import type { LogOptions, LogSlice, QuarantinedRange } from './log.ts'

export interface JournalOptions extends LogOptions {
  /** No compaction before this much was written since the last one. */
  compactBytesMin: number
}

export type ApplyRecord = (key: Uint8Array, value: Uint8Array | null) => void

/** A turn that records more than this makes several batches. */
const batchBytes = 1024 * 1024
const readBytes = 1024 * 1024
const growthFactor = 4

export class Journal {
  readonly #log: Log
  readonly #clock: Clock
  readonly #compactBytesMin: number
  readonly #builder = new RecordBatchBuilder()
  #timestampMs = 0
  #isSealing = false
  /** Why the batch that a turn gathered could not even be queued. */
  #sealError: BrokerError | undefined
  #snapshotBytes = 0
  /** Why records were refused since the last compaction. */
  #lostWith: BrokerError | undefined
  #isCompacting = false

  static async open(io: Io, directory: string, options: JournalOptions): Promise<Journal> {
    const log = await Log.open(io, directory, options)
    for (const range of log.quarantined) {
      options.logger.error(
        { directory, ...range },
        'a journal is damaged: state is replayed without these records',
      )
    }
    return new Journal(log, io.clock, options.compactBytesMin)
  }

  private constructor(log: Log, clock: Clock, compactBytesMin: number) {
    this.#log = log
    this.#clock = clock
    this.#compactBytesMin = compactBytesMin
  }

  /**
   * Every record from the oldest on; a null value removes the key. The bytes are borrowed for the call.
   * Once, before the first record. Damage is left out, and named by `quarantined`.
   */
  async replay(apply: ApplyRecord): Promise<void> {
    const cursor = new RecordCursor()
    let replayedBytes = 0
    let offset = this.#log.logStart
    while (offset < this.#log.durableEnd) {
      const slice = await this.#log.read(offset, readBytes)
      for (let at = slice.start; at < slice.end; at += batchSizeOf(slice.bytes, at)) {
        replayedBytes += batchSizeOf(slice.bytes, at)
        if (applyBatch(cursor, slice, at, apply)) this.#snapshotBytes = replayedBytes
      }
      offset = slice.nextOffset
    }
  }

  /** Adds to the batch that this turn gathers. The bytes are copied. Throws the offline error. */
  record(key: Uint8Array, value: Uint8Array | null): void {
    this.#add(key, value)
  }

  /**
   * Resolves when all recorded so far is durable, else rejects as `Log.durable`. Ask in the same turn as
   * the records. After a rejection that is not for good, what was recorded in this turn is not in the
   * journal: record it again, or take the change back.
   */
  durable(): Promise<void> {
    this.#seal()
    const error = this.#sealError
    this.#sealError = undefined
    return error === undefined ? this.#log.durable() : Promise.reject(error)
  }

  /** Resolves when all recorded so far survives a power loss, whatever the durability. */
  async sync(): Promise<void> {
    await this.durable()
    await this.#log.sync()
  }

  /** It has grown well beyond its last snapshot, or records were refused that nobody may have waited for. */
  get shouldCompact(): boolean {
    if (this.#isCompacting || this.#log.offline !== undefined) return false
    const grown = this.#log.sizeBytes - this.#snapshotBytes
    return (
      this.#lostWith !== undefined ||
      grown > Math.max(this.#compactBytesMin, growthFactor * this.#snapshotBytes)
    )
  }

  /**
   * Writes the whole state again (`writeSnapshot` records every live key, and may wait for `durable` in
   * between), then drops what is older. Other records may come meanwhile. A crash in between is harmless:
   * the old records and the part of the snapshot after them replay to the same state, because a put of the
   * value that a key has changes nothing.
   */
  async compact(writeSnapshot: (journal: Journal) => void | Promise<void>): Promise<void> {
    assert(!this.#isCompacting, 'one compaction of a journal at a time')
    this.#isCompacting = true
    try {
      this.#seal()
      this.#lostWith = undefined
      this.#log.roll()
      const start = this.#log.logEnd
      await writeSnapshot(this)
      // Why first: a mark that a power loss has kept must not stand behind a snapshot that it has torn.
      await this.durable()
      this.#add(null, null)
      await this.durable()
      // Why: a refused piece of the snapshot leaves a hole in it; the old records are still needed.
      if (this.#lostWith !== undefined) throw this.#lostWith
      // Why also for `os`: what is dropped was safe long ago, and a power loss must not take the rest.
      await this.#log.sync()
      await this.#log.truncateStart(start)
      this.#snapshotBytes = this.#log.sizeBytes
    } finally {
      this.#isCompacting = false
    }
  }

  get sizeBytes(): number {
    return this.#log.sizeBytes
  }

  /** Bytes recorded and not yet durable. */
  get pendingBytes(): number {
    return this.#log.pendingBytes + (this.#builder.recordCount > 0 ? this.#builder.sizeBytes : 0)
  }

  get quarantined(): readonly QuarantinedRange[] {
    return this.#log.quarantined
  }

  get offline(): BrokerError | undefined {
    return this.#log.offline
  }

  async close(): Promise<void> {
    this.#seal()
    await this.#log.close()
  }

  #add(key: Uint8Array | null, value: Uint8Array | null): void {
    const { offline } = this.#log
    if (offline !== undefined) throw offline
    // Why once per batch: nobody looks at the time of a record here.
    if (this.#builder.recordCount === 0) this.#timestampMs = this.#clock.wallMs()
    this.#builder.add(this.#timestampMs, key, value)
    if (this.#builder.sizeBytes >= batchBytes) this.#seal()
    if (this.#isSealing) return
    this.#isSealing = true
    queueMicrotask(this.#sealAtEndOfTurn)
  }

  readonly #sealAtEndOfTurn = (): void => {
    this.#isSealing = false
    this.#seal()
  }

  #seal(): void {
    if (this.#builder.recordCount === 0) return
    try {
      this.#log.append(this.#builder.take(), 0)
      this.#log.durable().catch(this.#lost)
    } catch (error) {
      this.#sealError = error as BrokerError
    }
  }

  readonly #lost = (why: BrokerError): void => {
    this.#lostWith = why
  }
}

/** Whether the batch ends with the mark of a snapshot. */
function applyBatch(cursor: RecordCursor, slice: LogSlice, at: number, apply: ApplyRecord): boolean {
  const { bytes } = slice
  let isMarked = false
  cursor.open(bytes, at)
  while (cursor.next()) {
    isMarked = cursor.keyEnd < 0
    if (isMarked) continue
    const value = cursor.valueEnd < 0 ? null : bytes.subarray(cursor.valueStart, cursor.valueEnd)
    apply(bytes.subarray(cursor.keyStart, cursor.keyEnd), value)
  }
  return isMarked
}
