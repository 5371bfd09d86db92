// One group, of either protocol: keeps what both have in common, wakes its side up when something is due, and
// changes the side when the members' protocol changes. Must never lose a member on the way.

import { assert } from '../../base/assert.ts'
import type { Io } from '../../io/io.ts'
import { DueTimer } from '../flow/due-timer.ts'
import { ClassicCoordinator } from './classic/classic-coordinator.ts'
import { GroupState } from './classic/group-state.ts'
import { ConsumerCoordinator } from './consumer/consumer-coordinator.ts'
import { ConsumerGroupState } from './consumer/consumer-group-state.ts'
import { heartbeatRefused, joiningEpoch } from './consumer-messages.ts'
import type { ConsumerAnswer, ConsumerHeartbeat } from './consumer-messages.ts'
import { asClassicGroup, asConsumerGroup } from './consumer/group-migration.ts'
import { encodeGroup } from './group-codec.ts'
import type { GroupHost } from './group-host.ts'
import type {
  GroupError,
  JoinAnswer,
  JoinRequest,
  LeftMember,
  MemberEpoch,
  MemberName,
  SyncAnswer,
  SyncRequest,
} from './group-messages.ts'
import { GroupRecord } from './group-record.ts'
import type { GroupImage, GroupStore, StoredSource } from './group-store.ts'
import { OffsetTable } from './offsets/offset-table.ts'

/** Which way a group may change its protocol while it has members. */
export type MigrationPolicy = 'bidirectional' | 'upgrade' | 'downgrade' | 'disabled'

export interface GroupGround extends Pick<GroupHost, 'bounds' | 'topics'> {
  readonly io: Pick<Io, 'clock' | 'timers' | 'random'>
  readonly store: GroupStore
  readonly migration: MigrationPolicy
}

export class GroupCoordinator implements StoredSource, GroupHost {
  readonly id: string
  readonly offsets: OffsetTable
  /** Wall clock; undefined while it has members. */
  emptySinceMs: number | undefined
  readonly #ground: GroupGround
  readonly #timer: DueTimer
  readonly #record: GroupRecord
  #side: ClassicCoordinator | ConsumerCoordinator

  constructor(id: string, ground: GroupGround, image?: GroupImage) {
    this.id = id
    this.#ground = ground
    this.offsets = image?.offsets ?? new OffsetTable()
    this.emptySinceMs = image?.group?.emptySinceMs
    this.#timer = new DueTimer(ground.io.timers, () => this.#expire())
    this.#record = new GroupRecord(id, ground.store, ground.io.timers, () => this.#encode())
    this.#record.bytes = image?.bytes
    const known = image?.group
    if (known?.kind === 'consumer') {
      const state = new ConsumerGroupState(ground.bounds, ground.topics, known, this.nowMs)
      this.#side = new ConsumerCoordinator(state, this)
    } else {
      this.#side = new ClassicCoordinator(new GroupState(ground.bounds, known, this.nowMs), this)
    }
    this.arm()
  }

  get state(): GroupState | ConsumerGroupState {
    return this.#side.state
  }

  get storedBytes(): Uint8Array | undefined {
    return this.#record.bytes
  }

  /** Nothing would be lost with it. */
  get isUnused(): boolean {
    const { phase, members, pendingCount } = this.state
    return (
      phase === 'Empty' &&
      members.size === 0 &&
      pendingCount === 0 &&
      this.offsets.isEmpty &&
      this.storedBytes === undefined
    )
  }

  /** What its members read; undefined where they do not say it as consumers do. */
  get topicNames(): ReadonlySet<string> | undefined {
    return this.#side.topics
  }

  // ── What members ask ─────────────────────────────────────────────────────────────────────────────────────

  join(request: JoinRequest): Promise<JoinAnswer> {
    if (this.#side.kind === 'consumer' && this.state.members.size === 0) this.#becomeClassic(this.#side)
    return this.#asked(this.#side.join(request))
  }

  sync(request: SyncRequest): Promise<SyncAnswer> {
    return this.#side.sync(request)
  }

  heartbeat(name: MemberName, generation: number): GroupError {
    return this.#side.heartbeat(name, generation)
  }

  leave(names: readonly MemberName[]): LeftMember[] {
    return this.#asked(this.#side.leave(names))
  }

  consumerHeartbeat(request: ConsumerHeartbeat): ConsumerAnswer | Promise<ConsumerAnswer> {
    if (this.#side.kind === 'consumer') return this.#asked(this.#side.consumerHeartbeat(request))
    return this.#becomeConsumer(this.#side, request)
  }

  /** `isEpochTold`: the request can name the epoch of a member, and not only a generation. */
  commitErrorOf(name: MemberName, generation: number, isEpochTold: boolean): GroupError {
    return this.#side.commitErrorOf(name, generation, isEpochTold)
  }

  fetchErrorOf(member: MemberEpoch): GroupError {
    return this.#side.fetchErrorOf(member)
  }

  /** It is deleted, or has expired: what the journal knows of it is to be removed by the caller. */
  end(): void {
    this.state.end()
    this.#record.end()
    this.#timer.cancel()
  }

  /** Whoever waits is answered that this broker does not coordinate. */
  close(): void {
    this.#timer.cancel()
    this.#record.stop()
    this.#side.close()
  }

  // ── What its side needs ──────────────────────────────────────────────────────────────────────────────────

  get nowMs(): number {
    return this.#ground.io.clock.monotonicMs()
  }

  get bounds(): GroupHost['bounds'] {
    return this.#ground.bounds
  }

  get topics(): GroupHost['topics'] {
    return this.#ground.topics
  }

  get saving(): Promise<boolean> | undefined {
    return this.#record.pending
  }

  save(): Promise<boolean> {
    this.emptySinceMs = this.state.members.size > 0 ? undefined : this.#ground.io.clock.wallMs()
    return this.#record.save()
  }

  arm(): void {
    const { deadlineMs, waitMs } = this.state.due
    this.#timer.arm(this.nowMs, deadlineMs, waitMs)
  }

  /** Begins with what people know the member by. */
  newMemberId({
    clientId,
    instanceId,
  }: {
    readonly clientId: string
    readonly instanceId: string | null
  }): string {
    const { random } = this.#ground.io
    const digits = Array.from({ length: 4 }, () => random.u32().toString(16).padStart(8, '0')).join('')
    const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20)]
    assert(digits.length === 32, 'a member id is made of 128 random bits')
    return `${instanceId ?? clientId}-${parts.join('-')}-${digits.slice(20)}`
  }

  // ── Within ───────────────────────────────────────────────────────────────────────────────────────────────

  #expire(): void {
    const { nowMs } = this
    this.#asked(this.#side.expire(nowMs, this.#timer.areDeadlinesKept(nowMs)))
  }

  #encode(): Uint8Array {
    return encodeGroup({ ...this.state.known(), emptySinceMs: this.emptySinceMs })
  }

  /** Members may have gone: where only classic ones are left, they go on among themselves. */
  #asked<T>(answer: T): T {
    const side = this.#side
    const { migration } = this.#ground
    const mayChange = side.kind === 'consumer' && (migration === 'bidirectional' || migration === 'downgrade')
    if (mayChange && side.hasLostConsumers()) this.#becomeClassic(side)
    return answer
  }

  #becomeClassic({ state }: ConsumerCoordinator): void {
    const { bounds, topics } = this.#ground
    const known = asClassicGroup(state.known(), topics)
    state.handOver()
    const classic = new GroupState(bounds, known, this.nowMs)
    const side = new ClassicCoordinator(classic, this)
    this.#side = side
    void this.save()
    if (known.members.length > 0) classic.renew(this.nowMs)
    side.perform()
  }

  /** With the member that asks: where it may not come, the group stays what it is. */
  #becomeConsumer(
    side: ClassicCoordinator,
    request: ConsumerHeartbeat,
  ): ConsumerAnswer | Promise<ConsumerAnswer> {
    const { bounds, topics, migration } = this.#ground
    const isUpgradable = migration === 'bidirectional' || migration === 'upgrade'
    const mayChange = request.epoch === joiningEpoch && (isUpgradable || side.state.phase === 'Empty')
    const known = mayChange ? asConsumerGroup(side.state.known(), topics) : undefined
    if (known === undefined || known.members.length > bounds.membersMax) {
      return heartbeatRefused('group-id-not-found', request, `Group ${this.id} is not a consumer group.`)
    }
    const consumers = new ConsumerCoordinator(new ConsumerGroupState(bounds, topics, known, this.nowMs), this)
    const answer = consumers.ask(request)
    if (answer.error !== 'none') return answer
    side.state.handOver()
    side.perform()
    this.#side = consumers
    return consumers.whenStored(answer, request)
  }
}
