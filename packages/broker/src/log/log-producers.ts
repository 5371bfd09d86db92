// The idempotent producers of a log as others see them: whether a batch is the next, and who there is.

import type { Io } from '../io/io.ts'
import type { LogOptions } from './log-options.ts'
import { recoverProducers } from './producers/producer-recovery.ts'
import { ProducerSnapshots } from './producers/producer-snapshots.ts'
import type { LatestBatch, ProducerTable, SequenceVerdict } from './producers/producer-table.ts'
import type { Segment } from './segment/segment.ts'

export type { LatestBatch, SequenceVerdict } from './producers/producer-table.ts'

export class LogProducers {
  /** For the commit queue, which tells it what is appended and what is taken back. */
  readonly table: ProducerTable
  readonly #snapshots: ProducerSnapshots
  readonly #nowMs: () => number

  /** Undefined where the log is opened without. `segments` as they were recovered. */
  static async open(
    { files, clock }: Io,
    directory: string,
    { logger, producerExpirationMs: expirationMs, wasClosedCleanly }: LogOptions,
    segments: readonly Segment[],
  ): Promise<LogProducers | undefined> {
    if (expirationMs === undefined) return undefined
    const nowMs = (): number => Math.round(clock.wallMs())
    const snapshots = new ProducerSnapshots(files, directory, logger)
    const context = { files, snapshots, expirationMs, nowMs: nowMs(), wasClosedCleanly }
    return new LogProducers(await recoverProducers(segments, context), snapshots, nowMs)
  }

  private constructor(table: ProducerTable, snapshots: ProducerSnapshots, nowMs: () => number) {
    this.table = table
    this.#snapshots = snapshots
    this.#nowMs = nowMs
  }

  /** Whether a batch of a producer is the next that it has to write here. Append it in the same turn. */
  judge(bytes: Uint8Array, at: number): SequenceVerdict {
    return this.table.judge(bytes, at, this.#nowMs())
  }

  latest(): LatestBatch[] {
    return [...this.table.latest(this.#nowMs())]
  }

  /** Makes durable how they stand below the offset, up to which the log is. */
  save(endOffset: number): Promise<void> {
    return this.#snapshots.write(this.table, endOffset)
  }
}
