// What the broker package brings to the command line: the commands that need a broker, or its files.
// The command line must not depend on the broker, so it names here what it needs, and the `sluice`
// program brings it.

import type { LogRecord } from '@sluice/protocol/record/log-record'

export interface BrokerCommands {
  /** Of the program. */
  readonly version: string
  /**
   * Runs a broker as the flags say. Resolves with an exit code when the command line has nothing left to do,
   * which may be while the broker goes on running. Rejects with a `BrokerError` when it cannot start.
   */
  serve(flags: readonly string[]): Promise<number>
  /** The whole help page of `serve`, with its flags and examples. */
  serveHelp(): string
  /**
   * Checks every log of a data directory that no broker uses. `onFinding` hears of each finding as it is met.
   * Changes nothing.
   */
  verifyLog(directory: string, onFinding: (finding: LogFinding) => void): Promise<VerifySummary>
  /** The batches of one log folder, with what is wrong between them, in order. Changes nothing. */
  dumpLog(directory: string, options: DumpOptions): AsyncIterable<DumpRow>
}

export interface LogFinding {
  /** The folder of the log. */
  readonly directory: string
  readonly kind: string
  readonly file: string
  readonly position: number
  readonly sizeBytes: number
  /** First offset that may be concerned, and the first one after them. */
  readonly baseOffset: number
  readonly nextOffset: number
  /** False for what recovers without loss. */
  readonly isDamage: boolean
}

export interface VerifySummary {
  readonly logs: number
  readonly segments: number
  readonly batches: number
  readonly records: number
  readonly sizeBytes: number
  readonly wasClosedCleanly: boolean
  readonly damages: number
  readonly otherFindings: number
}

export interface DumpOptions {
  /** Whether to decode the records of uncompressed batches. */
  readonly records?: boolean
  readonly fromOffset?: number
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
  /** Milliseconds since 1970. */
  readonly maxTimestamp: number
  readonly compression: number
  readonly isControl: boolean
  readonly records?: readonly LogRecord[]
}

export type DumpRow = DumpedBatch | { readonly kind: 'finding'; readonly finding: LogFinding }
