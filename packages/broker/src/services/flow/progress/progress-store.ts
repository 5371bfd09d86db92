// The progress of all flow consumers, on disk: one journal for each durability that streams have, so that a
// settle survives exactly what the record survives. Settles of one turn become one entry.

import type { Durability } from '@sluice/protocol/model/stream'
import type { Logger } from '../../../base/logger.ts'
import type { Io, Timers } from '../../../io/io.ts'
import { Journal } from '../../../log/journal.ts'
import type { JournalOptions } from '../../../log/journal.ts'
import {
  applyEntry,
  decodeKey,
  encodeCut,
  encodeFloor,
  encodeKey,
  encodeRetry,
  encodeSettled,
  ProgressImage,
} from './progress-codec.ts'
import type { FlowState } from '../state/flow-state.ts'
import type { Retry } from '../state/retry-table.ts'

export interface ProgressStoreOptions {
  readonly io: Io
  /** The journals are in folders of it, named by durability. */
  readonly directory: string
  readonly logger: Logger
  readonly journal: Omit<JournalOptions, 'durability'>
  /** A broker in memory keeps no progress. */
  readonly isInMemory: boolean
}

export class ProgressStore {
  readonly #journals = new Map<Durability, ProgressJournal>()

  static async open(options: ProgressStoreOptions): Promise<ProgressStore> {
    const store = new ProgressStore()
    if (options.isInMemory) return store
    for (const durability of ['fsync', 'os'] as const) {
      store.#journals.set(durability, await ProgressJournal.open(options, durability))
    }
    return store
  }

  /** What is known of a partition, and the writer for what comes. For `memory` there is neither. */
  attach(durability: Durability, consumerId: number, partition: number): ProgressWriter {
    return new ProgressWriter(this.#journals.get(durability), consumerId, partition)
  }

  /** Forgets what no consumer has claimed: consumers that were deleted. */
  forgetUnclaimed(): void {
    for (const journal of this.#journals.values()) journal.forgetUnclaimed()
  }

  /** Resolves when all that was recorded so far survives a power loss, whatever the durability. */
  async sync(): Promise<void> {
    await Promise.all(Array.from(this.#journals.values(), (journal) => journal.sync()))
  }

  async close(): Promise<void> {
    for (const journal of this.#journals.values()) await journal.close()
  }
}

class ProgressJournal {
  readonly #journal: Journal
  readonly #timers: Timers
  readonly #logger: Logger
  /** Of partitions that no consumer has claimed yet. */
  readonly #images = new Map<number, Map<number, ProgressImage>>()
  readonly #writers = new Set<ProgressWriter>()
  readonly #dirty = new Set<ProgressWriter>()
  #isTurnOpen = false
  /** Never rejects. */
  #compaction: Promise<void> | undefined
  /**
   * A group of entries was lost to a full disk, for this reason: only the whole state makes the journal true
   * again. Until then nothing is confirmed, since who waits may have recorded a part of it in that group.
   */
  #gap: unknown
  /** The compaction that runs began when there was a gap, and may close it. */
  #isClosing = false

  static async open(options: ProgressStoreOptions, durability: 'fsync' | 'os'): Promise<ProgressJournal> {
    const directory = `${options.directory}/${durability}`
    const journal = await Journal.open(options.io, directory, { ...options.journal, durability })
    const progress = new ProgressJournal(journal, options)
    await journal.replay((key, value) => progress.#apply(key, value))
    return progress
  }

  constructor(journal: Journal, { io, logger }: ProgressStoreOptions) {
    this.#journal = journal
    this.#timers = io.timers
    this.#logger = logger
  }

  claim(writer: ProgressWriter): ProgressImage {
    this.#writers.add(writer)
    const image = this.#images.get(writer.consumerId)?.get(writer.partition)
    this.#images.get(writer.consumerId)?.delete(writer.partition)
    return image ?? new ProgressImage()
  }

  forgetUnclaimed(): void {
    for (const [consumerId, partitions] of this.#images) {
      for (const partition of partitions.keys()) this.#journal.record(encodeKey(consumerId, partition), null)
    }
    this.#images.clear()
  }

  release(writer: ProgressWriter): void {
    this.#writers.delete(writer)
    this.#dirty.delete(writer)
  }

  record(key: Uint8Array, value: Uint8Array | null): void {
    if (this.#journal.offline !== undefined) return
    this.#journal.record(key, value)
    this.#finishTurn()
  }

  /** Remembers that a writer has settles to write at the end of this turn. */
  markDirty(writer: ProgressWriter): void {
    this.#dirty.add(writer)
    this.#finishTurn()
  }

  /** Also where nobody waits for what was recorded, it is written, and a failure is known of. */
  #finishTurn(): void {
    if (this.#isTurnOpen) return
    this.#isTurnOpen = true
    queueMicrotask(() => {
      this.#isTurnOpen = false
      this.durable().catch(() => undefined)
    })
  }

  /** Resolves when all that was recorded so far is durable. */
  async durable(): Promise<void> {
    this.#writeDirty()
    if (this.#journal.offline !== undefined) throw this.#journal.offline
    try {
      await this.#journal.durable()
    } catch (error) {
      this.#gap = error
      throw error
    }
    this.#compactIfNeeded()
    if (this.#gap === undefined) return
    // Why twice: one that was under way when the gap came does not close it.
    if (!this.#isClosing) await this.#compaction
    this.#compactIfNeeded()
    await this.#compaction
    if (this.#gap !== undefined) throw this.#gap
  }

  async sync(): Promise<void> {
    await this.durable()
    await this.#journal.sync()
  }

  async close(): Promise<void> {
    this.#writeDirty()
    await this.#compaction
    await this.#journal.close()
  }

  #apply(key: Uint8Array, value: Uint8Array | null): void {
    const { consumerId, partition } = decodeKey(key)
    const partitions = this.#images.get(consumerId) ?? new Map<number, ProgressImage>()
    this.#images.set(consumerId, partitions)
    if (value === null) {
      partitions.delete(partition)
      return
    }
    const image = partitions.get(partition) ?? new ProgressImage()
    partitions.set(partition, image)
    applyEntry(image, value)
  }

  #writeDirty(): void {
    for (const writer of this.#dirty) writer.writeSettled()
    this.#dirty.clear()
  }

  /**
   * Others have their turn between pieces. Each piece is true when it is written, and what is settled stays
   * so; what the writer records later follows it in the journal, and what it recorded since the compaction
   * began is in it already and changes nothing a second time. One that is made meanwhile has recorded all
   * that it knows behind the start; one that is removed must not be written behind its removal.
   */
  async #writeSnapshots(): Promise<void> {
    let rows = 0
    for (const writer of this.#writers) {
      for (const written of writer.snapshot()) {
        rows += written
        if (rows < rowsPerTurn) continue
        await this.#othersTurn()
        rows = 0
        if (!this.#writers.has(writer)) break
      }
    }
  }

  /** The whole state of one writer, and a sync: it survives a power loss, whatever the durability. */
  async save(writer: ProgressWriter): Promise<void> {
    let rows = 0
    for (const written of writer.snapshot()) {
      rows += written
      if (rows < rowsPerTurn) continue
      await this.#othersTurn()
      rows = 0
      if (!this.#writers.has(writer)) return
    }
    await this.sync()
  }

  #othersTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.#timers.soon(resolve)
    })
  }

  #compactIfNeeded(): void {
    if (this.#compaction !== undefined) return
    if (this.#gap === undefined && !this.#journal.shouldCompact) return
    this.#compaction = this.#compact().finally(() => {
      this.#compaction = undefined
    })
  }

  async #compact(): Promise<void> {
    const before = this.#gap
    this.#isClosing = before !== undefined
    try {
      await this.#journal.compact(() => this.#writeSnapshots())
      // Another one may have come meanwhile.
      if (this.#gap === before) this.#gap = undefined
    } catch (error) {
      this.#gap = error
      this.#logger.warn({ error }, 'the progress journal could not be compacted; it will be tried again')
    } finally {
      this.#isClosing = false
    }
  }
}

/** Ranges and retries of snapshots that are written before others have their turn. */
const rowsPerTurn = 16_384
/** Ranges in one entry of a snapshot, so that no entry grows without bound. */
const rangesPerEntry = 4096
/** How far the floor moves over records that were not delivered before that is worth an entry. */
const floorStep = 8192

/** Writes what happens on one partition of one consumer. */
export class ProgressWriter {
  readonly consumerId: number
  readonly partition: number
  /** What was known when the broker started; for `memory`, nothing. */
  readonly image: ProgressImage
  readonly #key: Uint8Array
  readonly #journal: ProgressJournal | undefined
  /** Offsets settled in this turn. */
  #settled: number[] = []
  #state: FlowState | undefined
  #writtenFloor: number

  constructor(journal: ProgressJournal | undefined, consumerId: number, partition: number) {
    this.consumerId = consumerId
    this.partition = partition
    this.#key = encodeKey(consumerId, partition)
    this.#journal = journal
    this.image = journal?.claim(this) ?? new ProgressImage()
    this.#writtenFloor = this.image.settled.floor
  }

  /** The state whose snapshots it writes from now on. */
  follow(state: FlowState): void {
    this.#state = state
  }

  settled(offset: number): void {
    if (this.#journal === undefined) return
    if (this.#settled.length === 0) this.#journal.markDirty(this)
    this.#settled.push(offset)
  }

  retry(offset: number, retry: Retry): void {
    this.#journal?.record(this.#key, encodeRetry(offset, retry))
  }

  /** Everything at and above `end` is forgotten: the log lost what it had not synced. */
  cut(end: number): void {
    this.#journal?.record(this.#key, encodeCut(end))
  }

  /** Everything below was settled at once: it left the log. */
  raiseFloor(floor: number): void {
    if (floor <= this.#writtenFloor || this.#journal === undefined) return
    this.#recordFloor(floor)
  }

  /** Keeps a restart from reading again what was read and did not match. */
  floorMoved(floor: number): void {
    if (floor - this.#writtenFloor < floorStep) return
    this.#writtenFloor = floor
    this.#journal?.record(this.#key, encodeFloor(floor))
  }

  /** Resolves when all written so far survives what the stream's durability names. */
  durable(): Promise<void> {
    return this.#journal?.durable() ?? Promise.resolve()
  }

  /** The consumer is gone. */
  remove(): void {
    if (this.#journal === undefined) return
    this.#journal.release(this)
    this.#journal.record(this.#key, null)
  }

  /** For the journal: what this turn settled, as one entry. */
  writeSettled(): void {
    if (this.#settled.length === 0) return
    this.#journal!.record(this.#key, encodeSettled(rangesOf(this.#settled)))
    this.#settled = []
  }

  /** Makes all that is known survive a power loss, whatever the durability. */
  async save(): Promise<void> {
    await this.#journal?.save(this)
  }

  /** For the journal: all there is to know, piece by piece; gives the ranges and retries of each. */
  *snapshot(): Generator<number> {
    if (this.#journal === undefined) return
    const { settled, retries } = this.#state ?? this.image
    this.#recordFloor(settled.floor)
    yield 1
    for (const ranges of settled.pieces(rangesPerEntry)) {
      this.#journal.record(this.#key, encodeSettled(ranges))
      yield ranges.length / 2
    }
    let rows = 0
    for (const [offset, retry] of retries.entries()) {
      this.retry(offset, retry)
      if (++rows % rangesPerEntry === 0) yield rangesPerEntry
    }
    // Why again: ranges that the floor has risen over meanwhile may stand in none of the pieces.
    this.#recordFloor(settled.floor)
  }

  #recordFloor(floor: number): void {
    this.#journal!.record(this.#key, encodeFloor(floor))
    this.#writtenFloor = floor
  }
}

/** Sorts offsets and joins neighbours: `[start, end, start, end, …]`. */
function rangesOf(offsets: number[]): number[] {
  offsets.sort((a, b) => a - b)
  const ranges: number[] = []
  for (const offset of offsets) {
    if (ranges.length > 0 && ranges.at(-1) === offset) ranges[ranges.length - 1] = offset + 1
    else ranges.push(offset, offset + 1)
  }
  return ranges
}
