// Small durable state that is replayed at start: puts and removals of keys, in order, in a log of their own.
// Must never be asked for a single key: who needs the state keeps it in memory and replays it once.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { Io } from '../io/io.ts'
import type { LogOptions, QuarantinedRange } from './log.ts'

export interface JournalOptions extends LogOptions {
  /** No compaction before this much was written since the last one. */
  compactBytesMin: number
}

export declare class Journal {
  static open(io: Io, directory: string, options: JournalOptions): Promise<Journal>
  /** Every record from the oldest on; a null value removes the key. The bytes are borrowed for the call. Once, before the first record. */
  replay(apply: (key: Uint8Array, value: Uint8Array | null) => void): Promise<void>
  /** Adds to the batch that this turn gathers. The bytes are copied. Throws the offline error. */
  record(key: Uint8Array, value: Uint8Array | null): void
  /** Resolves when all recorded so far is durable, else rejects as `Log.durable`. Ask in the same turn as the records. */
  durable(): Promise<void>
  get shouldCompact(): boolean
  /**
   * Writes the whole state again (`writeSnapshot` records every live key), then drops what is older. A crash in
   * between is harmless: a key put twice with the same value is the same state.
   */
  compact(writeSnapshot: (journal: Journal) => void | Promise<void>): Promise<void>
  get sizeBytes(): number
  get pendingBytes(): number
  get quarantined(): readonly QuarantinedRange[]
  get offline(): BrokerError | undefined
  close(): Promise<void>
}
