// Groups over a world that a test gives, with topics that are there or not.

import { silentLogger } from '../../base/logger.ts'
import { Placement } from '../../cluster/placement.ts'
import type { Io } from '../../io/io.ts'
import { TailCache } from '../../log/tail-cache.ts'
import type { Streams } from '../streams/streams.ts'
import type { Stream } from '../streams/stream.ts'
import { Groups } from './groups.ts'
import { groupsDirectory } from './group-places.ts'
import type { GroupsOptions } from './groups.ts'

export const dataDir = '/data'

export const groupJournal = (): GroupsOptions['journal'] => ({
  segmentBytes: 1024 * 1024,
  segmentMs: 3_600_000,
  indexIntervalBytes: 4096,
  compactBytesMin: 2000,
  tail: new TailCache(0),
  logger: silentLogger,
  wasClosedCleanly: false,
})

export const groupLimits: GroupsOptions['limits'] = {
  groupInitialRebalanceDelayMs: 0,
  groupSessionTimeoutMsMin: 10,
  groupSessionTimeoutMsMax: 1_800_000,
  groupMembersMax: 2000,
  groupConsumerSessionTimeoutMs: 10_000,
  groupConsumerHeartbeatIntervalMs: 1000,
  groupMigration: 'bidirectional',
  offsetsRetentionMs: 3_600_000,
}

interface SeenStream {
  readonly id: number
  readonly name: string
  partitions: readonly unknown[]
  onChanged(listener: () => void): void
}

/** What groups see of streams. */
export class Topics {
  readonly #topics = new Map<string, SeenStream>()
  readonly #created = new Set<(stream: Stream) => void>()
  readonly #deleted = new Set<(stream: Stream) => Promise<void>>()
  readonly #changed = new Map<string, (() => void)[]>()
  #lastId = 0

  add(name: string, partitions = 4): void {
    const listeners: (() => void)[] = []
    this.#changed.set(name, listeners)
    const onChanged = (listener: () => void): unknown => listeners.push(listener)
    const stream = { id: ++this.#lastId, name, partitions: Array.from({ length: partitions }), onChanged }
    this.#topics.set(name, stream)
    for (const listener of this.#created) listener(stream as unknown as Stream)
  }

  grow(name: string, partitions: number): void {
    this.#topics.get(name)!.partitions = Array.from({ length: partitions })
    for (const listener of this.#changed.get(name)!) listener()
  }

  /** Resolves when groups have forgotten it. */
  async remove(name: string): Promise<void> {
    const stream = this.#topics.get(name)!
    this.#topics.delete(name)
    for (const listener of this.#deleted) await listener(stream as unknown as Stream)
  }

  asStreams(): Streams {
    const follow = <T>(listeners: Set<T>, listener: T): (() => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
    return {
      find: (name: string) => this.#topics.get(name),
      list: () => [...this.#topics.values()],
      onCreate: (listener: (stream: Stream) => void) => follow(this.#created, listener),
      onDelete: (listener: (stream: Stream) => Promise<void>) => follow(this.#deleted, listener),
    } as unknown as Streams
  }
}

export function openGroups(
  io: Io,
  topics: Topics,
  { node = 0, nodeCount = 1, limits = groupLimits, isInMemory = false } = {},
): Promise<Groups> {
  return Groups.open({
    io,
    directory: groupsDirectory(dataDir, node, nodeCount),
    streams: topics.asStreams(),
    placement: new Placement(node, nodeCount),
    logger: silentLogger,
    journal: groupJournal(),
    isInMemory,
    limits,
  })
}

export function commitOf(
  groupId: string,
  topic: string,
  offsets: Readonly<Record<number, number>>,
): Parameters<Groups['offsets']['commit']>[0] {
  const partitions = Object.entries(offsets).map(([partition, offset]) => ({
    partition: Number(partition),
    offset,
    leaderEpoch: 1,
    metadata: `m${offset}`,
  }))
  const who = { member: { memberId: '', instanceId: null }, generation: -1, isEpochTold: true }
  return { groupId, ...who, retentionMs: undefined, topics: [{ topic, partitions }] }
}
