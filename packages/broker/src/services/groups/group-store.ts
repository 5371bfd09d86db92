// Groups and their committed offsets on disk, in one journal of this node. Must never answer a question: it
// is read once, at the start, into the table that is snapshotted from then on.

import type { Logger } from '../../base/logger.ts'
import type { Io, Timers } from '../../io/io.ts'
import { Journal } from '../../log/journal.ts'
import type { JournalOptions } from '../../log/journal.ts'
import {
  decodeGroup,
  decodeGroupKey,
  decodeOffset,
  encodeGroupKey,
  encodeOffset,
  encodeOffsetKey,
} from './group-codec.ts'
import type { StoredGroup } from './group-codec.ts'
import { OffsetTable } from './offsets/offset-table.ts'
import type { OffsetRow } from './offsets/offset-table.ts'

export interface GroupStoreOptions {
  readonly io: Io
  readonly directory: string
  readonly logger: Logger
  readonly journal: Omit<JournalOptions, 'durability'>
  /** A broker in memory keeps nothing. */
  readonly isInMemory: boolean
}

/** What the journal says of one group. */
export interface GroupImage {
  group: StoredGroup | undefined
  /** The same as it was read, for snapshots. */
  bytes: Uint8Array | undefined
  readonly offsets: OffsetTable
}

/** What a snapshot is written from. What is removed meanwhile must not come any more. */
export interface StoredSource {
  readonly id: string
  readonly storedBytes: Uint8Array | undefined
  readonly offsets: OffsetTable
}

/** Records of a snapshot that are written before others have their turn. */
const rowsPerTurn = 4096

export class GroupStore {
  readonly #journal: Journal | undefined
  readonly #timers: Timers
  readonly #logger: Logger
  #sources: () => Iterable<StoredSource> = () => []
  #compaction: Promise<void> | undefined
  #isTurnOpen = false
  /** Records were lost to a full disk: only the whole state makes the journal true again. */
  #hasGap = false

  /** With what was there. */
  static async open(options: GroupStoreOptions): Promise<[GroupStore, Map<string, GroupImage>]> {
    const images = new Map<string, GroupImage>()
    if (options.isInMemory) return [new GroupStore(undefined, options), images]
    const { io, directory, journal } = options
    const opened = await Journal.open(io, `${directory}/fsync`, { ...journal, durability: 'fsync' })
    await opened.replay((key, value) => apply(images, key, value))
    return [new GroupStore(opened, options), images]
  }

  private constructor(journal: Journal | undefined, { io, logger }: GroupStoreOptions) {
    this.#journal = journal
    this.#timers = io.timers
    this.#logger = logger
  }

  /** Snapshots are written from these from now on. */
  follow(sources: () => Iterable<StoredSource>): void {
    this.#sources = sources
  }

  putGroup(groupId: string, value: Uint8Array): void {
    this.#record(encodeGroupKey(groupId), value)
  }

  removeGroup(groupId: string): void {
    this.#record(encodeGroupKey(groupId), null)
  }

  putOffset(groupId: string, row: OffsetRow): void {
    this.#record(encodeOffsetKey(groupId, row.topic, row.partition), encodeOffset(row))
  }

  removeOffset(groupId: string, topic: string, partition: number): void {
    this.#record(encodeOffsetKey(groupId, topic, partition), null)
  }

  /** Whether all that was recorded is on disk: undefined when it is, else to be waited for. */
  get pending(): Promise<void> | undefined {
    return (this.#journal?.pendingBytes ?? 0) === 0 ? undefined : this.durable()
  }

  /** Resolves when all recorded so far survives a power loss; else it is unknown what does. */
  async durable(): Promise<void> {
    if (this.#journal === undefined) return
    if (this.#journal.offline !== undefined) throw this.#journal.offline
    try {
      await this.#journal.durable()
    } catch (error) {
      this.#hasGap = true
      throw error
    }
    this.#compactIfNeeded(this.#journal)
  }

  async close(): Promise<void> {
    await this.#compaction
    await this.#journal?.close()
  }

  /** Also where nobody waits for it, it is written, and a failure is known of. */
  #record(key: Uint8Array, value: Uint8Array | null): void {
    if (this.#journal === undefined || this.#journal.offline !== undefined) return
    this.#journal.record(key, value)
    if (this.#isTurnOpen) return
    this.#isTurnOpen = true
    queueMicrotask(() => {
      this.#isTurnOpen = false
      this.durable().catch(() => undefined)
    })
  }

  #compactIfNeeded(journal: Journal): void {
    if (this.#compaction !== undefined || (!this.#hasGap && !journal.shouldCompact)) return
    this.#hasGap = false
    this.#compaction = journal
      .compact(() => this.#writeSnapshot(journal))
      .catch((error: unknown) => {
        this.#hasGap = true
        this.#logger.warn({ error }, 'the journal of groups could not be compacted; it will be tried again')
      })
      .finally(() => {
        this.#compaction = undefined
      })
  }

  /** Others have their turn between pieces; what they change is recorded behind the start of the snapshot. */
  async #writeSnapshot(journal: Journal): Promise<void> {
    let rows = 0
    for (const { id, storedBytes, offsets } of this.#sources()) {
      if (storedBytes !== undefined) journal.record(encodeGroupKey(id), storedBytes)
      rows++
      for (const row of offsets.rows()) {
        journal.record(encodeOffsetKey(id, row.topic, row.partition), encodeOffset(row))
        if (++rows % rowsPerTurn === 0) await this.#othersTurn()
      }
      if (rows >= rowsPerTurn) {
        rows = 0
        await this.#othersTurn()
      }
    }
  }

  #othersTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.#timers.soon(resolve)
    })
  }
}

function apply(images: Map<string, GroupImage>, keyBytes: Uint8Array, value: Uint8Array | null): void {
  const key = decodeGroupKey(keyBytes)
  const { groupId } = key
  const image = images.get(groupId) ?? { group: undefined, bytes: undefined, offsets: new OffsetTable() }
  images.set(groupId, image)
  if (key.kind === 'group') {
    image.group = value === null ? undefined : decodeGroup(value)
    // Why not `slice`: of a Buffer it is another view.
    image.bytes = value === null ? undefined : new Uint8Array(value)
  } else if (value === null) {
    image.offsets.remove(key.topic, key.partition)
  } else {
    const offset = decodeOffset(value)
    if (image.offsets.streamIdOf(key.topic) !== offset.streamId) {
      for (const partition of image.offsets.partitionsOf(key.topic))
        image.offsets.remove(key.topic, partition)
    }
    image.offsets.set({ ...key, ...offset })
  }
  if (image.group === undefined && image.offsets.isEmpty) images.delete(groupId)
}
