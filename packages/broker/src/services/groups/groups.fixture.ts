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
  offsetsRetentionMs: 3_600_000,
}

/** What groups see of streams. */
export class Topics {
  readonly #topics = new Map<string, { id: number; partitions: readonly unknown[] }>()
  readonly #listeners = new Set<(stream: Stream) => Promise<void>>()
  #lastId = 0

  add(name: string, partitions = 4): void {
    this.#topics.set(name, { id: ++this.#lastId, partitions: Array.from({ length: partitions }) })
  }

  /** Resolves when groups have forgotten it. */
  async remove(name: string): Promise<void> {
    this.#topics.delete(name)
    for (const listener of this.#listeners) await listener({ name } as Stream)
  }

  asStreams(): Streams {
    return {
      find: (name: string) => this.#topics.get(name),
      onDelete: (listener: (stream: Stream) => Promise<void>) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
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
  const member = { memberId: '', instanceId: null }
  return { groupId, member, generation: -1, retentionMs: undefined, topics: [{ topic, partitions }] }
}
