// Consumer groups: the door to those that this node coordinates. What it is asked about others it refuses,
// so that the client looks for the one that does.

import type { Placement } from '../../cluster/placement.ts'
import type { Io, Timer } from '../../io/io.ts'
import type { Streams } from '../streams/streams.ts'
import { heartbeatFaultOf, wordsAfter } from './consumer/consumer-heartbeat.ts'
import { wordsBytesOf } from './consumer/consumer-member.ts'
import { heartbeatRefused, joiningEpoch } from './consumer-messages.ts'
import type { ConsumerAnswer, ConsumerHeartbeat } from './consumer-messages.ts'
import { GroupAdmin } from './group-admin.ts'
import type { MigrationPolicy } from './group-coordinator.ts'
import { joinRefused, memberBytesOf, syncRefused } from './group-messages.ts'
import type {
  GroupError,
  JoinAnswer,
  JoinRequest,
  LeftMember,
  MemberName,
  SyncAnswer,
  SyncRequest,
} from './group-messages.ts'
import { GroupOffsets } from './group-offsets.ts'
import { GroupOperations } from './group-operations.ts'
import { coordinatorOf } from './group-places.ts'
import { GroupStore } from './group-store.ts'
import type { GroupStoreOptions } from './group-store.ts'
import { GroupTable } from './group-table.ts'
import { TopicDirectory } from './topic-directory.ts'

export interface GroupLimits {
  readonly groupInitialRebalanceDelayMs: number
  readonly groupSessionTimeoutMsMin: number
  readonly groupSessionTimeoutMsMax: number
  readonly groupMembersMax: number
  readonly groupConsumerSessionTimeoutMs: number
  readonly groupConsumerHeartbeatIntervalMs: number
  readonly groupMigration: MigrationPolicy
  readonly offsetsRetentionMs: number
}

export interface GroupsOptions extends Omit<GroupStoreOptions, 'io'> {
  readonly io: Io
  readonly streams: Streams
  readonly placement: Placement
  readonly limits: GroupLimits
}

/** As long as a text of Kafka's protocol may be; what a group is called is kept as long as it lives. */
const groupIdUnitsMax = 1024
/** What one member says of itself is kept, and told to its leader. */
const memberBytesMax = 1024 * 1024
/** Of one group: what is stored of it is one record, which the log must take. */
const membersBytesMax = 8 * 1024 * 1024
const expiryCheckMs = 600_000

export class Groups {
  readonly offsets: GroupOffsets
  readonly admin: GroupAdmin
  readonly operations: GroupOperations
  readonly #options: GroupsOptions
  readonly #store: GroupStore
  readonly #table: GroupTable
  readonly #stopListening: () => void
  #timer: Timer | undefined

  static async open(options: GroupsOptions): Promise<Groups> {
    const [store, images] = await GroupStore.open(options)
    const { io, limits } = options
    const bounds = {
      membersMax: limits.groupMembersMax,
      membersBytesMax,
      initialDelayMs: limits.groupInitialRebalanceDelayMs,
      sessionTimeoutMs: limits.groupConsumerSessionTimeoutMs,
      heartbeatIntervalMs: limits.groupConsumerHeartbeatIntervalMs,
    }
    const [topics, stopTopics] = TopicDirectory.follow(options.streams)
    const ground = { io, store, bounds, topics, migration: limits.groupMigration }
    return new Groups(options, store, new GroupTable(ground, images), stopTopics)
  }

  private constructor(options: GroupsOptions, store: GroupStore, table: GroupTable, stopTopics: () => void) {
    const { io, streams, limits } = options
    const { offsetsRetentionMs } = limits
    this.#options = options
    this.#store = store
    this.#table = table
    const groupErrorOf = this.groupErrorOf.bind(this)
    const ground = { clock: io.clock, store, table, streams, groupErrorOf }
    this.offsets = new GroupOffsets({ ...ground, offsetsRetentionMs })
    this.admin = new GroupAdmin(ground)
    this.operations = new GroupOperations({ table, streams, admin: this.admin, offsets: this.offsets })
    const stopDeletes = streams.onDelete(async ({ name }) => this.offsets.forgetTopic(name))
    this.#stopListening = () => {
      stopTopics()
      stopDeletes()
    }
    this.#checkExpiry()
  }

  /** The number of the node that coordinates a group. */
  nodeOf(groupId: string): number {
    return coordinatorOf(groupId, this.#options.placement.nodeCount)
  }

  /** `none` where this node coordinates the group. Who only commits offsets may have no name for it. */
  groupErrorOf(groupId: string): GroupError {
    if (groupId.length > groupIdUnitsMax) return 'invalid-group-id'
    return this.nodeOf(groupId) === this.#options.placement.node ? 'none' : 'not-coordinator'
  }

  /** What is kept of the request is the group's from now on. */
  async join(groupId: string, request: JoinRequest): Promise<JoinAnswer> {
    const error = this.#joinErrorOf(groupId, request)
    if (error !== 'none') return joinRefused(error, request.memberId)
    const known = this.#table.find(groupId)
    // Why: a member that has an id has been in a group that there was.
    if (known === undefined && request.memberId !== '') {
      return joinRefused('unknown-member-id', request.memberId)
    }
    const group = known ?? this.#table.findOrMake(groupId)
    if (group === undefined) return joinRefused('group-max-size-reached', request.memberId)
    const joined = group.join(request)
    this.#table.dropUnused(group)
    return joined
  }

  get limits(): GroupLimits {
    return this.#options.limits
  }

  /** Answered at once where nothing has changed. What is kept of the request is the group's from now on. */
  consumerHeartbeat(groupId: string, request: ConsumerHeartbeat): ConsumerAnswer | Promise<ConsumerAnswer> {
    if (groupId.trim() === '') return heartbeatRefused('invalid-request', request, "GroupId can't be empty.")
    const fault = heartbeatFaultOf(request)
    if (fault !== undefined) return heartbeatRefused(fault[0], request, fault[1])
    const error = this.#roomErrorOf(groupId, request)
    if (error !== 'none') return heartbeatRefused(error, request)
    const known = this.#table.find(groupId)
    if (known === undefined && request.epoch !== joiningEpoch) {
      return heartbeatRefused('group-id-not-found', request, `Consumer group ${groupId} not found.`)
    }
    const group = known ?? this.#table.findOrMake(groupId)
    if (group === undefined) return heartbeatRefused('group-max-size-reached', request)
    const answer = group.consumerHeartbeat(request)
    this.#table.dropUnused(group)
    return answer
  }

  async sync(groupId: string, request: SyncRequest): Promise<SyncAnswer> {
    const error = this.#memberErrorOf(groupId)
    if (error !== 'none') return syncRefused(error)
    return this.#table.find(groupId)?.sync(request) ?? syncRefused('unknown-member-id')
  }

  heartbeat(groupId: string, name: MemberName, generation: number): GroupError {
    const error = this.#memberErrorOf(groupId)
    if (error !== 'none') return error
    return this.#table.find(groupId)?.heartbeat(name, generation) ?? 'unknown-member-id'
  }

  leave(
    groupId: string,
    names: readonly MemberName[],
  ): { readonly error: GroupError; readonly members: readonly LeftMember[] } {
    const error = this.#memberErrorOf(groupId)
    if (error !== 'none') return { error, members: [] }
    const group = this.#table.find(groupId)
    if (group === undefined) {
      return { error, members: names.map((name) => ({ ...name, error: 'unknown-member-id' })) }
    }
    const members = group.leave(names)
    this.#table.dropUnused(group)
    return { error, members }
  }

  /** Answers whoever waits, then closes the journal. */
  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#stopListening()
    this.#table.close()
    await this.#store.close()
  }

  #memberErrorOf(groupId: string): GroupError {
    return groupId === '' ? 'invalid-group-id' : this.groupErrorOf(groupId)
  }

  #joinErrorOf(groupId: string, request: JoinRequest): GroupError {
    const error = this.#memberErrorOf(groupId)
    if (error !== 'none') return error
    const { groupSessionTimeoutMsMin, groupSessionTimeoutMsMax } = this.#options.limits
    const { sessionTimeoutMs } = request
    if (sessionTimeoutMs < groupSessionTimeoutMsMin || sessionTimeoutMs > groupSessionTimeoutMsMax) {
      return 'invalid-session-timeout'
    }
    const bytes = memberBytesOf(request)
    if (bytes > memberBytesMax) return 'invalid-request'
    return this.#table.memory.takes(bytes) ? 'none' : 'group-max-size-reached'
  }

  #roomErrorOf(groupId: string, request: ConsumerHeartbeat): GroupError {
    const error = this.groupErrorOf(groupId)
    if (error !== 'none' || (request.topics === null && request.pattern === null)) return error
    const bytes = wordsBytesOf(wordsAfter(undefined, request, request.memberId))
    if (bytes > memberBytesMax) return 'invalid-request'
    return this.#table.memory.takes(bytes) ? 'none' : 'group-max-size-reached'
  }

  #checkExpiry(): void {
    this.#timer = this.#options.io.timers.after(expiryCheckMs, () => {
      this.offsets.expire()
      this.#checkExpiry()
    })
  }
}
