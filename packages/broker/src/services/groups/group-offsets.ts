// How far groups have come: committed, asked for, and forgotten. Must never confirm a commit that is not on
// disk, nor tell of one.

import type { Clock } from '../../io/io.ts'
import type { Streams } from '../streams/streams.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import type { GroupError, MemberEpoch, MemberName } from './group-messages.ts'
import type { GroupStore } from './group-store.ts'
import type { GroupTable } from './group-table.ts'
import { expiredOffsets } from './offsets/offset-expiry-plan.ts'
import { bytesOf } from './offsets/offset-table.ts'
import type { CommittedOffset } from './offsets/offset-table.ts'

export interface OffsetCommit {
  readonly groupId: string
  readonly member: MemberName
  /** Or the epoch of the member. */
  readonly generation: number
  /** The request can name the epoch of a member. */
  readonly isEpochTold: boolean
  /** How long it is kept as an old client asks for it; undefined: as the broker is configured. */
  readonly retentionMs: number | undefined
  readonly topics: readonly CommittedTopic[]
}

export interface CommittedTopic {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly offset: number
    readonly leaderEpoch: number
    readonly metadata: string
  }[]
}

export interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

export interface PartitionOutcome {
  readonly partition: number
  readonly error: GroupError
}

export interface TopicOutcome {
  readonly topic: string
  readonly partitions: readonly PartitionOutcome[]
}

export interface FetchedTopic {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly committed: CommittedOffset | undefined
  }[]
}

export interface OffsetsGround {
  readonly clock: Clock
  readonly store: GroupStore
  readonly table: GroupTable
  readonly streams: Pick<Streams, 'find'>
  readonly offsetsRetentionMs: number
  /** Why this node cannot speak for a group. */
  readonly groupErrorOf: (groupId: string) => GroupError
}

/** As Kafka's offset.metadata.max.bytes. */
const metadataBytesMax = 4096
/** What an old client asks for beyond this is forever. */
const retentionMsMax = 100 * 366 * 86_400_000
const encoder = new TextEncoder()

export class GroupOffsets {
  readonly #ground: OffsetsGround

  constructor(ground: OffsetsGround) {
    this.#ground = ground
    for (const group of ground.table.all()) this.#removeOrphans(group)
  }

  async commit(commit: OffsetCommit): Promise<readonly TopicOutcome[]> {
    const error = this.#commitErrorOf(commit)
    if (error !== 'none') return refuse(commit.topics, error)
    const { store, table } = this.#ground
    const group = table.find(commit.groupId)!
    const outcomes = commit.topics.map((topic) => this.#commitTopic(group, commit, topic))
    table.dropUnused(group)
    try {
      await store.durable()
    } catch {
      return refuse(commit.topics, 'coordinator-not-available')
    }
    return outcomes
  }

  /** `topics` null: all that the group has. What is told is on disk. */
  async fetch(
    groupId: string,
    topics: readonly TopicPartitions[] | null,
    member: MemberEpoch | null = null,
  ): Promise<{ readonly error: GroupError; readonly topics: readonly FetchedTopic[] }> {
    const error = this.#fetchErrorOf(groupId, member)
    if (error !== 'none') return { error, topics: [] }
    try {
      await this.#ground.store.pending
    } catch {
      return { error: 'coordinator-not-available', topics: [] }
    }
    const offsets = this.#ground.table.find(groupId)?.offsets
    const asked =
      topics ??
      (offsets?.topics ?? []).map((topic) => ({ topic, partitions: offsets?.partitionsOf(topic) ?? [] }))
    return {
      error: 'none',
      topics: asked.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((partition) => ({ partition, committed: offsets?.get(topic, partition) })),
      })),
    }
  }

  /** Of partitions that no member reads. */
  async remove(
    groupId: string,
    topics: readonly TopicPartitions[],
  ): Promise<{ readonly error: GroupError; readonly topics: readonly TopicOutcome[] }> {
    const error = this.#ground.groupErrorOf(groupId)
    if (error !== 'none') return { error, topics: [] }
    const group = this.#ground.table.find(groupId)
    if (group === undefined) return { error: 'group-id-not-found', topics: [] }
    const { phase, protocolType } = group.state
    if (phase !== 'Empty' && protocolType !== 'consumer') return { error: 'non-empty-group', topics: [] }
    const read = phase === 'Empty' ? new Set<string>() : group.topicNames
    const outcomes = topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((partition) => ({
        partition,
        error: this.#removeOne(group, topic, { partition, isRead: read?.has(topic) !== false }),
      })),
    }))
    try {
      await this.#ground.store.durable()
    } catch {
      return { error: 'coordinator-not-available', topics: [] }
    }
    return { error: 'none', topics: outcomes }
  }

  /** A topic is no more, for all groups. */
  forgetTopic(topic: string): void {
    for (const group of this.#ground.table.all()) this.#forget(group, topic)
  }

  /** Drops what nobody will ask for, and groups that have nothing left. */
  expire(): void {
    const { clock, store, table, offsetsRetentionMs } = this.#ground
    const wallMs = clock.wallMs()
    for (const group of table.all()) {
      const { state, emptySinceMs, topicNames, offsets } = group
      const { phase } = state
      const expiring = { phase, emptySinceMs, topics: topicNames, offsets }
      for (const { topic, partition } of expiredOffsets(expiring, offsetsRetentionMs, wallMs)) {
        offsets.remove(topic, partition)
        store.removeOffset(group.id, topic, partition)
      }
      if (phase === 'Empty' && offsets.isEmpty && state.pendingCount === 0) table.remove(group)
    }
  }

  #fetchErrorOf(groupId: string, member: MemberEpoch | null): GroupError {
    const { table, groupErrorOf } = this.#ground
    const error = groupErrorOf(groupId)
    if (error !== 'none' || member === null) return error
    return table.find(groupId)?.fetchErrorOf(member) ?? 'group-id-not-found'
  }

  #commitErrorOf({ groupId, member, generation, isEpochTold }: OffsetCommit): GroupError {
    const { table, groupErrorOf } = this.#ground
    const placeError = groupErrorOf(groupId)
    if (placeError !== 'none') return placeError
    // Why: one that names a generation speaks of a group that there was.
    if (generation >= 0 && table.find(groupId) === undefined) {
      return isEpochTold ? 'group-id-not-found' : 'illegal-generation'
    }
    const group = table.findOrMake(groupId)
    if (group === undefined) return 'group-max-size-reached'
    const error = group.commitErrorOf(member, generation, isEpochTold)
    if (error !== 'none') table.dropUnused(group)
    return error
  }

  #commitTopic(
    group: GroupCoordinator,
    commit: OffsetCommit,
    { topic, partitions }: CommittedTopic,
  ): TopicOutcome {
    const stream = this.#ground.streams.find(topic)
    const committedAtMs = this.#ground.clock.wallMs()
    const { retentionMs } = commit
    const expiresAtMs =
      retentionMs === undefined ? undefined : committedAtMs + Math.min(retentionMs, retentionMsMax)
    if (stream !== undefined && group.offsets.streamIdOf(topic) !== stream.id) this.#forget(group, topic)
    return {
      topic,
      partitions: partitions.map(({ partition, offset, leaderEpoch, metadata }) => {
        const isKnown = stream !== undefined && partition >= 0 && partition < stream.partitions.length
        if (!isKnown) return { partition, error: 'unknown-topic-or-partition' }
        if (isTooLarge(metadata)) return { partition, error: 'offset-metadata-too-large' }
        const committed = { offset, leaderEpoch, metadata, committedAtMs, expiresAtMs }
        if (!this.#hasRoom(group.offsets.get(topic, partition), committed)) {
          return { partition, error: 'group-max-size-reached' }
        }
        const row = { topic, streamId: stream.id, partition, committed }
        group.offsets.set(row)
        this.#ground.store.putOffset(group.id, row)
        return { partition, error: 'none' }
      }),
    }
  }

  #hasRoom(before: CommittedOffset | undefined, committed: CommittedOffset): boolean {
    const more = bytesOf(committed) - (before === undefined ? 0 : bytesOf(before))
    return more <= 0 || this.#ground.table.memory.takes(more)
  }

  #removeOne(
    group: GroupCoordinator,
    topic: string,
    { partition, isRead }: { partition: number; isRead: boolean },
  ): GroupError {
    const stream = this.#ground.streams.find(topic)
    const isKnown = stream !== undefined && partition >= 0 && partition < stream.partitions.length
    if (!isKnown) return 'unknown-topic-or-partition'
    if (isRead) return 'group-subscribed-to-topic'
    if (group.offsets.get(topic, partition) === undefined) return 'none'
    group.offsets.remove(topic, partition)
    this.#ground.store.removeOffset(group.id, topic, partition)
    return 'none'
  }

  /** Topics that were deleted, or made anew, while nobody could say so. */
  #removeOrphans(group: GroupCoordinator): void {
    for (const topic of group.offsets.topics) {
      if (this.#ground.streams.find(topic)?.id !== group.offsets.streamIdOf(topic)) this.#forget(group, topic)
    }
  }

  #forget(group: GroupCoordinator, topic: string): void {
    for (const partition of group.offsets.partitionsOf(topic)) {
      group.offsets.remove(topic, partition)
      this.#ground.store.removeOffset(group.id, topic, partition)
    }
  }
}

function refuse(topics: readonly CommittedTopic[], error: GroupError): TopicOutcome[] {
  return topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition }) => ({ partition, error })),
  }))
}

function isTooLarge(metadata: string): boolean {
  // Why not always counted: no text has more bytes than three for each unit.
  return metadata.length * 3 > metadataBytesMax && encoder.encode(metadata).length > metadataBytesMax
}
