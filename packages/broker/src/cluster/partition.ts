// Path of a message 4/5 · from services/streams/publish.ts · to log/log.ts.
// One partition as services see it: its log, under a leader epoch, readable up to the high watermark.
// Must never show a record above the high watermark, and never interpret one.

import type { BrokerError } from '@sluice/protocol/errors/broker-error'
import type { CompactionRun, Log, LogSlice, Removed, Retention, SegmentSizes } from '../log/log.ts'
import type { LatestBatch, SequenceVerdict } from '../log/log-producers.ts'

/**
 * What services may ask of any partition, whoever leads it. One object is one life of a log: where a log
 * begins anew, because it was in memory and its leader has died, another object takes the place of this one.
 */
export interface Partition {
  readonly index: number
  /** The node that leads it; undefined where there is only one. */
  readonly node: number | undefined
  /** Grows with every leader, and with every start of it, as far as this node has heard. */
  readonly leaderEpoch: number
  /** Offset of the first record that is kept. */
  readonly logStart: number
  /** Offset after the last record that may be read, as far as this node has heard. */
  readonly highWatermark: number
  readonly sizeBytes: number
  /** Records lost to damaged bytes. */
  readonly quarantined: number
  /** Undefined while all is well; else why nothing can be appended. */
  readonly offline: BrokerError | undefined
  /** Asks the leader how things stand: resolves when the fields above are no older than the call. */
  refresh(): Promise<void>
  /**
   * Appends checked batches, which must not be touched any more, all or none. Resolves with the first base
   * offset when they are durable.
   */
  store(batches: readonly Uint8Array[]): Promise<number>
  /** Hears when the high watermark has grown or the partition went offline; returns how to stop. */
  onAdvance(listener: () => void): () => void
  /** The whole batch that holds `offset`, if it is in memory here. */
  readCached(offset: number): LogSlice | undefined
  /** Whole batches from the one that holds `offset`: at least one if there is one, else about `bytesMax`. */
  read(offset: number, bytesMax: number): Promise<LogSlice>
  /** Offset of the first record at or after this time; the high watermark when there is none. */
  offsetForTime(timeMs: number): Promise<number>
  /**
   * Everything below the offset is gone for good once it resolves, with how many records there were.
   * `offset-out-of-range` above the high watermark; below the log start there is nothing to do.
   */
  removeBelow(offset: number): Promise<number>
  /**
   * Takes single records away, all of them below the high watermark, and resolves with how many there were;
   * all others keep their offsets. Ask for many at once: each segment that holds some is written anew.
   */
  deleteRecords(offsets: readonly number[]): Promise<number>
  /**
   * Hears of records that were removed, purged or expired, when that is durable and before who asked for it
   * does. Offsets rise; among them are none that were gone before. Must not throw. Returns how to stop.
   */
  onRemoved(listener: (removed: Removed) => void): () => void
}

export interface Leadership {
  readonly leaderEpoch: number
  /** Undefined where there is only one node. */
  readonly node: number | undefined
}

/** A partition that this node leads. */
export class LedPartition implements Partition {
  readonly index: number
  /**
   * Grows with every start of the broker; stored in each batch, so that logs can be compared by
   * who wrote them.
   */
  readonly leaderEpoch: number
  readonly node: number | undefined
  readonly #log: Log

  constructor(index: number, { leaderEpoch, node }: Leadership, log: Log) {
    this.index = index
    this.leaderEpoch = leaderEpoch
    this.node = node
    this.#log = log
  }

  /** Offset of the first record that is kept. */
  get logStart(): number {
    return this.#log.logStart
  }

  /** Offset after the last record that may be read. With one replica: what its durability has made safe. */
  get highWatermark(): number {
    return this.#log.durableEnd
  }

  get sizeBytes(): number {
    return this.#log.sizeBytes
  }

  /** Records lost to damaged bytes. */
  get quarantined(): number {
    return this.#log.quarantined.reduce((sum, { baseOffset, nextOffset }) => sum + nextOffset - baseOffset, 0)
  }

  /** Undefined while all is well; else why nothing can be appended before a restart. */
  get offline(): BrokerError | undefined {
    return this.#log.offline
  }

  /**
   * Appends one checked batch, which the log owns from now on, and returns its base offset. It is neither
   * durable nor readable before `durable()` resolves. Throws why the partition is offline.
   */
  append(batch: Uint8Array): number {
    return this.#log.append(batch, this.leaderEpoch)
  }

  /** The same for several batches: all of them become durable, or none. Returns the first base offset. */
  appendAll(batches: readonly Uint8Array[]): number {
    return this.#log.appendAll(batches, this.leaderEpoch)
  }

  /** Whether a batch of an idempotent producer is its next one here. Append it in the same turn. */
  judgeSequence(bytes: Uint8Array, at: number): SequenceVerdict {
    return this.#log.producers?.judge(bytes, at) ?? { kind: 'next' }
  }

  /** The idempotent producers that wrote to it lately. */
  get producers(): LatestBatch[] {
    return this.#log.producers?.latest() ?? []
  }

  /**
   * Resolves when all that was appended so far is durable. Rejects with `disk-full` (nothing of it was kept)
   * or `partition-offline`. Ask in the same turn as the append.
   */
  durable(): Promise<void> {
    return this.#log.durable()
  }

  /** Resolves when all that was appended so far survives a power loss, whatever the durability. */
  sync(): Promise<void> {
    return this.#log.sync()
  }

  refresh(): Promise<void> {
    return Promise.resolve()
  }

  async store(batches: readonly Uint8Array[]): Promise<number> {
    const baseOffset = this.appendAll(batches)
    await this.durable()
    return baseOffset
  }

  /**
   * Hears, in the same turn, when the high watermark has grown or the partition went offline; returns
   * how to stop.
   */
  onAdvance(listener: () => void): () => void {
    return this.#log.onAdvance(listener)
  }

  /** The whole batch that holds `offset`, if it is in memory. */
  readCached(offset: number): LogSlice | undefined {
    return this.#log.readCached(offset)
  }

  /**
   * Whole batches from the one that holds `offset`: at least one if there is one, else
   * about `bytesMax` bytes.
   */
  read(offset: number, bytesMax: number): Promise<LogSlice> {
    return this.#log.read(offset, bytesMax)
  }

  /** The same with bytes that are lent, for who passes them on; see `Log.lend`. */
  lend(offset: number, bytesMax: number, isDoubted: boolean): Promise<LogSlice> {
    return this.#log.lend(offset, bytesMax, isDoubted)
  }

  /** Offset of the first record at or after this time; the high watermark when there is none. */
  async offsetForTime(timeMs: number): Promise<number> {
    return Math.min(await this.#log.offsetForTime(timeMs), this.highWatermark)
  }

  /** The largest timestamp of all records; undefined where there is none. */
  newestTime(): Promise<number | undefined> {
    return this.#log.newestTime()
  }

  removeBelow(offset: number): Promise<number> {
    return this.#log.removeBelow(offset)
  }

  deleteRecords(offsets: readonly number[]): Promise<number> {
    return this.#log.deleteRecords(offsets)
  }

  /** Holds from the next record on; 0: what the node is configured to. */
  boundSegments(sizes: SegmentSizes): void {
    this.#log.boundSegments(sizes)
  }

  /** Drops what is no longer to be kept, and goes by it from now on when it begins segments. */
  retain(retention: Retention, wallMs: number): Promise<void> {
    return this.#log.retain(retention, wallMs)
  }

  /** Keeps the newest record of each key; see `Log.compact`. */
  compact(run: CompactionRun): Promise<boolean> {
    return this.#log.compact(run)
  }

  onRemoved(listener: (removed: Removed) => void): () => void {
    return this.#log.onRemoved(listener)
  }
}
