// Runs a group of the consumer protocol, with the classic members that it may have. Must never answer with an
// epoch or an assignment that a crash could forget: what has changed the group is answered when it is stored,
// and so is whatever is asked meanwhile. What changes nothing costs nothing.

import type { GroupHost } from '../group-host.ts'
import { joinRefused, syncRefused } from '../group-messages.ts'
import type {
  GroupError,
  JoinAnswer,
  JoinRequest,
  LeftMember,
  MemberEpoch,
  MemberName,
  SyncAnswer,
  SyncRequest,
} from '../group-messages.ts'
import { heartbeatAsClassic, joinAsClassic, leaveAsClassic, syncAsClassic } from './classic-requests.ts'
import type { ConsumerGroupState } from './consumer-group-state.ts'
import { consumerHeartbeat } from './consumer-heartbeat.ts'
import { heartbeatRefused, joiningEpoch } from '../consumer-messages.ts'
import type { ConsumerAnswer, ConsumerHeartbeat } from '../consumer-messages.ts'

export class ConsumerCoordinator {
  readonly kind = 'consumer'
  readonly state: ConsumerGroupState
  readonly #host: GroupHost
  /** The last write was refused: what has changed may not be on disk. */
  #isUnsaved = false

  constructor(state: ConsumerGroupState, host: GroupHost) {
    this.state = state
    this.#host = host
  }

  /** What its members read. */
  get topics(): ReadonlySet<string> {
    return this.state.topicNames()
  }

  consumerHeartbeat(request: ConsumerHeartbeat): ConsumerAnswer | Promise<ConsumerAnswer> {
    return this.whenStored(this.ask(request), request)
  }

  /** What the answer will be once it is stored. */
  ask(request: ConsumerHeartbeat): ConsumerAnswer {
    const isIdless = request.epoch === joiningEpoch && request.memberId === ''
    const newMemberId = isIdless ? this.#host.newMemberId(request) : ''
    return consumerHeartbeat(this.state, request, newMemberId, this.#host.nowMs)
  }

  whenStored(answer: ConsumerAnswer, request: ConsumerHeartbeat): ConsumerAnswer | Promise<ConsumerAnswer> {
    return this.#whenStored(answer, () => heartbeatRefused('coordinator-not-available', request))
  }

  async join(request: JoinRequest): Promise<JoinAnswer> {
    const answer = joinAsClassic(this.state, request, this.#host.newMemberId(request), this.#host.nowMs)
    return this.#whenStored(answer, () => joinRefused('coordinator-not-available', answer.memberId))
  }

  async sync(request: SyncRequest): Promise<SyncAnswer> {
    const answer = syncAsClassic(this.state, request, this.#host.nowMs)
    // Why also where nothing has changed: the member may have to join again by then.
    this.#host.arm()
    return this.#whenStored(answer, () => syncRefused('coordinator-not-available'))
  }

  heartbeat(name: MemberName, generation: number): GroupError {
    const error = heartbeatAsClassic(this.state, name, generation, this.#host.nowMs)
    this.#host.arm()
    void this.#changed()
    return error
  }

  leave(names: readonly MemberName[]): LeftMember[] {
    const left = leaveAsClassic(this.state, names)
    void this.#changed()
    return left
  }

  /** `isEpochTold`: the request can name the epoch of a member. */
  commitErrorOf({ memberId }: MemberName, epoch: number, isEpochTold: boolean): GroupError {
    if (epoch < 0 && this.state.members.size === 0) return 'none'
    const member = this.state.members.get(memberId)
    if (member === undefined) return 'unknown-member-id'
    if (!isEpochTold && member.words.classic === null) return 'unsupported-version'
    const error = member.epochErrorOf(epoch)
    // Why: as in a group of the classic protocol, committing is a sign of life.
    if (error === 'none' && member.words.classic !== null) this.state.heard(member, this.#host.nowMs)
    return error
  }

  fetchErrorOf({ memberId, epoch }: MemberEpoch): GroupError {
    const member = this.state.members.get(memberId)
    if (member === undefined) return 'unknown-member-id'
    // Why not refused, as Kafka does: a client in the classic protocol may name itself and no generation.
    return member.words.classic !== null && epoch < 0 ? 'none' : member.epochErrorOf(epoch)
  }

  expire(nowMs: number, areDeadlinesKept: boolean): void {
    this.state.expire(nowMs, areDeadlinesKept)
    void this.#changed()
    this.#host.arm()
  }

  /** Nobody waits. */
  close(): void {}

  /** Since it was last asked members have gone, and all that are left are classic ones. */
  hasLostConsumers(): boolean {
    return this.state.takeLoss() && this.state.isClassicOnly
  }

  /** Has stored what has changed, if anything has; undefined where nothing has to be waited for. */
  #changed(): Promise<boolean> | undefined {
    if (!this.state.takeChange() && !this.#isUnsaved) return this.#host.saving
    this.#isUnsaved = false
    this.#host.arm()
    return this.#save()
  }

  async #save(): Promise<boolean> {
    const isStored = await this.#host.save()
    if (!isStored) this.#isUnsaved = true
    return isStored
  }

  #whenStored<T>(answer: T, refused: () => T): T | Promise<T> {
    const saving = this.#changed()
    return saving === undefined ? answer : saving.then((isStored) => (isStored ? answer : refused()))
  }
}
