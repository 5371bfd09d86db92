// A group of the classic protocol: who is a member, of which generation, and who waits for whom. Must never
// look at a clock or wait: it is told the time, and what it answers is taken from it with `takeEffects`.
//
//            a member joins           all have joined,            the leader's
//                                     or time is up               assignment is stored
//   Empty ─────────────► PreparingRebalance ───► CompletingRebalance ───► Stable
//     ▲                    │     ▲    ▲                  │                  │
//     └────────────────────┘     │    └──────────────────┘                  │
//        nobody is left          └──────────────────────────────────────────┘
//                                        a member joins, leaves or is silent
//
// Requests that are answered later are known by a ticket, a number of whoever asks.

import type { GroupPhase } from '@sluice/protocol/model/group'
import { assert } from '../../../base/assert.ts'
import { assignmentBytesOf, joinRefused, memberBytesOf, noBytes, syncRefused } from '../group-messages.ts'
import type {
  GroupError,
  JoinAnswer,
  JoinRequest,
  LeftMember,
  MemberName,
  SyncAnswer,
  SyncRequest,
} from '../group-messages.ts'
import { GroupMember } from './group-member.ts'
import type { KnownMember } from './group-member.ts'
import { ProtocolVotes } from './protocol-votes.ts'

export type GroupEffect =
  | { readonly kind: 'joined'; readonly ticket: number; readonly answer: JoinAnswer }
  | { readonly kind: 'synced'; readonly ticket: number; readonly answer: SyncAnswer }
  /** What the group is now must survive a restart. `assigned` is told once it does, or cannot. */
  | { readonly kind: 'store'; readonly generation?: number; readonly joined?: JoinedLater }

/** A join that is answered when the group is stored. */
export interface JoinedLater {
  readonly ticket: number
  readonly answer: JoinAnswer
}

/** What survives a restart. */
export interface KnownGroup {
  readonly kind: 'classic'
  readonly generation: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string | null
  readonly members: readonly KnownMember[]
}

export interface GroupBounds {
  readonly membersMax: number
  /** What its members may say of themselves together, and again what their leader may assign. */
  readonly membersBytesMax: number
  /** How long the first members of an empty group wait for others. */
  readonly initialDelayMs: number
}

interface Wait {
  readonly kind: 'initial' | 'join' | 'sync'
  readonly atMs: number
  /** Of an initial wait: how late it may become. */
  readonly latestMs: number
}

/** How long one is kept that joins and has not been answered: it cannot send heartbeats. */
const newMemberMs = 300_000

export class GroupState {
  phase: GroupPhase = 'Empty'
  generation = 0
  protocolType: string | null = null
  protocolName: string | null = null
  leaderId: string | null = null
  readonly members = new Map<string, GroupMember>()
  readonly #bounds: GroupBounds
  readonly #votes = new ProtocolVotes()
  /** Member ids by instance id. */
  readonly #staticIds = new Map<string, string>()
  /** Ids that were given away and have not been used yet, and until when they may be. */
  readonly #pending = new Map<string, number>()
  #wait: Wait | undefined
  /** The leader has said who has what, and it is being stored. */
  #isAssigning = false
  /** Of all assignments of the generation. */
  #assignedBytes = 0
  /** No member's deadline is earlier; it may be later. */
  #earliestMs = Infinity
  #effects: GroupEffect[] = []

  constructor(bounds: GroupBounds, known?: KnownGroup, nowMs = 0) {
    this.#bounds = bounds
    if (known === undefined) return
    this.generation = known.generation
    this.protocolType = known.protocolType
    this.protocolName = known.protocolName
    this.leaderId = known.leaderId
    if (known.members.length > 0) this.phase = 'Stable'
    for (const { assignment, ...rest } of known.members) {
      const member = new GroupMember(rest)
      member.assignment = assignment
      this.#assignedBytes += assignment.length
      this.#enter(member)
      this.#heard(member, nowMs)
    }
  }

  get kind(): 'classic' {
    return 'classic'
  }

  takeEffects(): readonly GroupEffect[] {
    const effects = this.#effects
    if (effects.length > 0) this.#effects = []
    return effects
  }

  /** When `expire` has something to do, at the earliest: for silent members, and for those who wait. */
  get due(): { readonly deadlineMs: number; readonly waitMs: number } {
    return { deadlineMs: this.#earliestMs, waitMs: this.#wait?.atMs ?? Infinity }
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  /** About what its members cost. */
  get bytes(): number {
    return this.#votes.bytes + this.#assignedBytes
  }

  known(): KnownGroup {
    const { generation, protocolType, protocolName, leaderId } = this
    const members = [...this.members.values()]
    return { kind: 'classic', generation, protocolType, protocolName, leaderId, members }
  }

  // ── What members ask ─────────────────────────────────────────────────────────────────────────────────────

  /** `newMemberId` is for one that has no id yet. */
  join(ticket: number, request: JoinRequest, newMemberId: string, nowMs: number): void {
    const error = this.#joinErrorOf(request)
    if (error !== 'none') return this.#joined(ticket, joinRefused(error, request.memberId))
    if (request.memberId !== '') return this.#joinKnown(ticket, request, nowMs)
    const { instanceId } = request
    const replaced = instanceId === null ? undefined : this.#staticIds.get(instanceId)
    if (replaced !== undefined) {
      return this.#replace(this.members.get(replaced)!, { ...request, memberId: newMemberId }, ticket, nowMs)
    }
    if (instanceId === null && request.isIdRequired) {
      const deadlineMs = nowMs + request.sessionTimeoutMs
      this.#pending.set(newMemberId, deadlineMs)
      this.#earliestMs = Math.min(this.#earliestMs, deadlineMs)
      return this.#joined(ticket, joinRefused('member-id-required', newMemberId))
    }
    this.#add({ ...request, memberId: newMemberId }, ticket, nowMs)
  }

  sync(ticket: number, request: SyncRequest, nowMs: number): void {
    const error = this.#syncErrorOf(request)
    if (error !== 'none') return this.#synced(ticket, syncRefused(error))
    const member = this.members.get(request.memberId)!
    member.hasToSync = false
    if (this.phase === 'Stable') {
      this.#heard(member, nowMs)
      return this.#synced(ticket, this.#assignmentOf(member))
    }
    // Why: a member that asks again has given up on its first request.
    if (member.syncing !== undefined) this.#synced(member.syncing, syncRefused('rebalance-in-progress'))
    member.syncing = ticket
    if (member.memberId === this.leaderId && !this.#isAssigning) this.#assign(request)
  }

  heartbeat(name: MemberName, generation: number, nowMs: number): GroupError {
    if (this.phase === 'Dead') return 'coordinator-not-available'
    const error = this.#generationErrorOf(name, generation)
    if (error !== 'none') return error
    this.#heard(this.members.get(name.memberId)!, nowMs)
    return this.phase === 'PreparingRebalance' ? 'rebalance-in-progress' : 'none'
  }

  /** All of them at once: there is one rebalance for all that have left. */
  leave(names: readonly MemberName[], nowMs: number): LeftMember[] {
    let hasLeft = false
    const left = names.map((name) => {
      const error = this.#leaveOne(name)
      if (error === 'none') hasLeft = true
      return { ...name, error }
    })
    if (hasLeft) this.#membersLeft(nowMs)
    return left
  }

  /** Whether offsets may be committed. Who is no member says so: no name, and generation -1. */
  commitErrorOf(name: MemberName, generation: number, nowMs: number): GroupError {
    if (this.phase === 'Dead') return 'coordinator-not-available'
    if (generation < 0 && this.phase === 'Empty') return 'none'
    if (generation < 0 && name.memberId === '' && name.instanceId === null) return 'unknown-member-id'
    const error = this.#generationErrorOf(name, generation)
    if (error !== 'none') return error
    if (this.phase === 'CompletingRebalance') return 'rebalance-in-progress'
    this.#heard(this.members.get(name.memberId)!, nowMs)
    return 'none'
  }

  // ── What happens otherwise ───────────────────────────────────────────────────────────────────────────────

  /** What the leader has said of a generation is stored, or could not be. */
  assigned(generation: number, isStored: boolean, nowMs: number): void {
    if (this.phase !== 'CompletingRebalance' || this.generation !== generation) return
    if (!isStored) {
      this.#takeBackAssignments('coordinator-not-available')
      return this.#rebalance(nowMs)
    }
    this.#isAssigning = false
    this.phase = 'Stable'
    for (const member of this.members.values()) {
      if (member.syncing === undefined) continue
      this.#synced(member.syncing, this.#assignmentOf(member))
      member.syncing = undefined
      this.#heard(member, nowMs)
    }
  }

  /** To be called when something is due. Members that may not have been heard keep their time. */
  expire(nowMs: number, areDeadlinesKept: boolean): void {
    if (areDeadlinesKept && this.#earliestMs <= nowMs) this.#expireSilent(nowMs)
    const wait = this.#wait
    if (wait === undefined || wait.atMs > nowMs) return
    if (wait.kind === 'sync') this.#removeUnsynced(nowMs)
    else this.#completeJoin(nowMs)
  }

  /** The group is deleted, or has expired. */
  end(): void {
    assert(this.members.size === 0, 'a group ends without members')
    this.phase = 'Dead'
    this.#pending.clear()
    this.#wait = undefined
    this.#earliestMs = Infinity
  }

  /** Everybody is to join again. */
  renew(nowMs: number): void {
    this.#rebalance(nowMs)
  }

  /** The group goes on under the other protocol: whoever waits is to join again there. */
  handOver(): KnownGroup {
    const known = this.known()
    for (const member of known.members)
      this.#forget(this.members.get(member.memberId)!, 'rebalance-in-progress')
    this.end()
    return known
  }

  // ── Joining ──────────────────────────────────────────────────────────────────────────────────────────────

  #joinErrorOf(request: JoinRequest): GroupError {
    const { memberId, instanceId, protocolType, protocols } = request
    if (this.phase === 'Dead') return 'coordinator-not-available'
    const isKnown =
      this.members.has(memberId) ||
      this.#pending.has(memberId) ||
      (instanceId !== null && this.#staticIds.has(instanceId))
    if (memberId !== '' && !isKnown) return 'unknown-member-id'
    if (!isKnown && this.members.size + this.#pending.size >= this.#bounds.membersMax) {
      return 'group-max-size-reached'
    }
    const own = memberId === '' ? (this.#staticIds.get(instanceId ?? '') ?? '') : memberId
    const known = this.members.get(own)
    const knownBytes = known === undefined ? 0 : memberBytesOf(known)
    if (this.#votes.bytes - knownBytes + memberBytesOf(request) > this.#bounds.membersBytesMax) {
      return 'group-max-size-reached'
    }
    const isSupported =
      this.members.size === 0
        ? protocolType !== '' && protocols.length > 0
        : protocolType === this.protocolType && this.#votes.isAnyCommon(protocols, this.members.size)
    return isSupported ? 'none' : 'inconsistent-group-protocol'
  }

  #joinKnown(ticket: number, request: JoinRequest, nowMs: number): void {
    if (this.#pending.has(request.memberId) && request.instanceId === null) {
      return this.#add(request, ticket, nowMs)
    }
    const error = this.#memberErrorOf(request)
    if (error !== 'none') return this.#joined(ticket, joinRefused(error, request.memberId))
    const member = this.members.get(request.memberId)!
    // Why also of the leader: it may not have heard the answer to its first request.
    const isSettled =
      this.phase === 'CompletingRebalance' || (this.phase === 'Stable' && member.memberId !== this.leaderId)
    if (isSettled && member.offersSame(request.protocols)) {
      this.#heard(member, nowMs)
      return this.#joined(ticket, this.#generationFor(member))
    }
    this.#votes.remove(member)
    member.update(request)
    this.#votes.add(member)
    if (member.joining !== undefined) {
      this.#joined(member.joining, joinRefused('rebalance-in-progress', member.memberId))
    }
    member.joining = ticket
    this.#heard(member, nowMs)
    this.#rebalance(nowMs)
  }

  #add(request: JoinRequest, ticket: number, nowMs: number): void {
    const member = new GroupMember(request)
    member.isNew = true
    member.joining = ticket
    member.deadlineMs = nowMs + newMemberMs
    this.#earliestMs = Math.min(this.#earliestMs, member.deadlineMs)
    this.#pending.delete(member.memberId)
    if (this.members.size === 0) this.protocolType = request.protocolType
    this.#enter(member)
    this.leaderId ??= member.memberId
    this.#waitForMore(nowMs)
    this.#rebalance(nowMs)
  }

  /** A static member that was started again takes its own place, under a new id; the old one is fenced. */
  #replace(old: GroupMember, request: JoinRequest, ticket: number, nowMs: number): void {
    const answeredAs = this.leaderId
    this.#forget(old, 'fenced-instance-id')
    const member = new GroupMember(request)
    member.assignment = old.assignment
    member.hasToSync = old.hasToSync
    this.#enter(member)
    if (answeredAs === old.memberId) this.leaderId = member.memberId
    this.#heard(member, nowMs)
    if (this.phase === 'Stable' && this.#votes.select([...this.members.values()]) === this.protocolName) {
      const answer = this.#restartAnswer(member, request, answeredAs)
      this.#effects.push({ kind: 'store', joined: { ticket, answer } })
      return
    }
    member.joining = ticket
    this.#rebalance(nowMs)
  }

  /**
   * Nothing changes for the others. A leader that cannot be told to assign nothing is told that another one
   * leads.
   */
  #restartAnswer(member: GroupMember, request: JoinRequest, oldLeader: string | null): JoinAnswer {
    const answer = this.#generationFor(member)
    if (request.canSkipAssignment) return { ...answer, isAssignmentSkipped: answer.members.length > 0 }
    return { ...answer, leaderId: oldLeader ?? '', members: [] }
  }

  // ── Rebalancing ──────────────────────────────────────────────────────────────────────────────────────────

  #rebalance(nowMs: number): void {
    if (this.phase !== 'PreparingRebalance') {
      const isInitial = this.phase === 'Empty'
      if (this.phase === 'CompletingRebalance') this.#takeBackAssignments('rebalance-in-progress')
      this.phase = 'PreparingRebalance'
      const limitMs = this.#rebalanceTimeoutMs()
      const delayMs = isInitial ? Math.min(this.#bounds.initialDelayMs, limitMs) : limitMs
      const kind = isInitial ? 'initial' : 'join'
      this.#wait = { kind, atMs: nowMs + delayMs, latestMs: nowMs + limitMs }
    }
    this.#completeIfAllJoined(nowMs)
  }

  #membersLeft(nowMs: number): void {
    if (this.phase === 'Stable' || this.phase === 'CompletingRebalance') this.#rebalance(nowMs)
    else if (this.phase === 'PreparingRebalance') this.#completeIfAllJoined(nowMs)
  }

  #completeIfAllJoined(nowMs: number): void {
    if (this.#wait?.kind === 'initial' || this.#pending.size > 0) return
    for (const { joining } of this.members.values()) if (joining === undefined) return
    this.#completeJoin(nowMs)
  }

  /** Where some come more may: the wait is over when nobody has come for so long. */
  #waitForMore(nowMs: number): void {
    if (this.#wait?.kind !== 'initial') return
    const { latestMs } = this.#wait
    const atMs = Math.min(nowMs + this.#bounds.initialDelayMs, latestMs)
    this.#wait = { kind: 'initial', atMs, latestMs }
  }

  /** Whoever has not come is out, but for static members: they have until their session ends. */
  #completeJoin(nowMs: number): void {
    for (const member of this.members.values()) {
      if (member.joining === undefined && member.instanceId === null) this.#remove(member)
    }
    const limitMs = this.#rebalanceTimeoutMs()
    if (this.members.size > 0 && !this.#electJoined()) {
      this.#wait = { kind: 'join', atMs: nowMs + limitMs, latestMs: nowMs + limitMs }
      return
    }
    this.generation++
    this.#assignedBytes = 0
    if (this.members.size === 0) return this.#becomeEmpty()
    this.protocolName = this.#votes.select([...this.members.values()])
    this.phase = 'CompletingRebalance'
    this.#wait = { kind: 'sync', atMs: nowMs + limitMs, latestMs: nowMs + limitMs }
    for (const member of this.members.values()) this.#begin(member, nowMs)
  }

  /** The generation begins for a member. */
  #begin(member: GroupMember, nowMs: number): void {
    member.assignment = noBytes
    member.hasToSync = member.joining !== undefined
    if (member.joining === undefined) return
    this.#joined(member.joining, this.#generationFor(member))
    member.joining = undefined
    member.isNew = false
    this.#heard(member, nowMs)
  }

  #becomeEmpty(): void {
    this.phase = 'Empty'
    this.protocolName = null
    this.leaderId = null
    this.#wait = undefined
    this.#effects.push({ kind: 'store' })
  }

  #electJoined(): boolean {
    if (this.members.get(this.leaderId ?? '')?.joining !== undefined) return true
    for (const { memberId, joining } of this.members.values()) {
      if (joining === undefined) continue
      this.leaderId = memberId
      return true
    }
    return false
  }

  #rebalanceTimeoutMs(): number {
    let longestMs = 0
    for (const { rebalanceTimeoutMs } of this.members.values())
      longestMs = Math.max(longestMs, rebalanceTimeoutMs)
    return longestMs
  }

  // ── Assigning ────────────────────────────────────────────────────────────────────────────────────────────

  #syncErrorOf(request: SyncRequest): GroupError {
    if (this.phase === 'Dead') return 'coordinator-not-available'
    const error = this.#generationErrorOf(request, request.generation)
    if (error !== 'none') return error
    const { protocolType, protocolName } = request
    const isConsistent =
      (protocolType === null || protocolType === this.protocolType) &&
      (protocolName === null || protocolName === this.protocolName)
    if (!isConsistent) return 'inconsistent-group-protocol'
    if (assignmentBytesOf(request) > this.#bounds.membersBytesMax) return 'invalid-request'
    return this.phase === 'PreparingRebalance' ? 'rebalance-in-progress' : 'none'
  }

  /** Members that the leader does not name have nothing; others that it names are not members. */
  #assign({ assignments, generation }: SyncRequest): void {
    this.#isAssigning = true
    this.#assignedBytes = 0
    for (const { memberId, assignment } of assignments) {
      const member = this.members.get(memberId)
      if (member === undefined) continue
      member.assignment = assignment
      this.#assignedBytes += assignment.length
    }
    this.#effects.push({ kind: 'store', generation })
  }

  #takeBackAssignments(error: GroupError): void {
    this.#isAssigning = false
    this.#assignedBytes = 0
    for (const member of this.members.values()) {
      member.assignment = noBytes
      member.hasToSync = false
      if (member.syncing !== undefined) this.#synced(member.syncing, syncRefused(error))
      member.syncing = undefined
    }
  }

  #removeUnsynced(nowMs: number): void {
    this.#wait = undefined
    const unsynced = [...this.members.values()].filter(({ hasToSync }) => hasToSync)
    for (const member of unsynced) this.#remove(member)
    if (unsynced.length > 0) this.#membersLeft(nowMs)
  }

  // ── Members ──────────────────────────────────────────────────────────────────────────────────────────────

  #memberErrorOf({ memberId, instanceId }: MemberName): GroupError {
    if (instanceId !== null) {
      const current = this.#staticIds.get(instanceId)
      if (current === undefined) return 'unknown-member-id'
      if (current !== memberId) return 'fenced-instance-id'
    }
    return this.members.has(memberId) ? 'none' : 'unknown-member-id'
  }

  #generationErrorOf(name: MemberName, generation: number): GroupError {
    const error = this.#memberErrorOf(name)
    return error === 'none' && generation !== this.generation ? 'illegal-generation' : error
  }

  #leaveOne({ memberId, instanceId }: MemberName): GroupError {
    if (memberId !== '' && this.#pending.delete(memberId)) return 'none'
    // Why: an operator takes a static member out by its instance id alone.
    const named = memberId === '' && instanceId !== null ? (this.#staticIds.get(instanceId) ?? '') : memberId
    const error = this.#memberErrorOf({ memberId: named, instanceId })
    if (error === 'none') this.#remove(this.members.get(named)!)
    return error
  }

  #expireSilent(nowMs: number): void {
    let hasLeft = false
    for (const [memberId, deadlineMs] of this.#pending) {
      if (deadlineMs <= nowMs) this.#pending.delete(memberId)
    }
    for (const member of this.members.values()) {
      if (member.deadlineMs > nowMs) continue
      // Why: it waits for others, and does not send heartbeats meanwhile.
      const isWaiting = member.joining !== undefined || member.syncing !== undefined
      if (isWaiting && !member.isNew) {
        member.deadlineMs = nowMs + member.sessionTimeoutMs
        continue
      }
      this.#remove(member)
      hasLeft = true
    }
    this.#earliestMs = Infinity
    for (const deadlineMs of this.#pending.values()) this.#earliestMs = Math.min(this.#earliestMs, deadlineMs)
    for (const { deadlineMs } of this.members.values())
      this.#earliestMs = Math.min(this.#earliestMs, deadlineMs)
    if (hasLeft) this.#membersLeft(nowMs)
    else if (this.phase === 'PreparingRebalance') this.#completeIfAllJoined(nowMs)
  }

  #enter(member: GroupMember): void {
    this.members.set(member.memberId, member)
    this.#votes.add(member)
    if (member.instanceId !== null) this.#staticIds.set(member.instanceId, member.memberId)
  }

  #remove(member: GroupMember): void {
    this.#forget(member, 'unknown-member-id')
    if (this.leaderId !== member.memberId) return
    const [first] = this.members.keys()
    this.leaderId = first ?? null
  }

  /** What it waits for is answered with the error. */
  #forget(member: GroupMember, error: GroupError): void {
    this.members.delete(member.memberId)
    this.#votes.remove(member)
    if (member.instanceId !== null) this.#staticIds.delete(member.instanceId)
    if (member.joining !== undefined) this.#joined(member.joining, joinRefused(error, member.memberId))
    if (member.syncing !== undefined) this.#synced(member.syncing, syncRefused(error))
  }

  #heard(member: GroupMember, nowMs: number): void {
    member.deadlineMs = nowMs + member.sessionTimeoutMs
    this.#earliestMs = Math.min(this.#earliestMs, member.deadlineMs)
  }

  // ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────

  #generationFor({ memberId }: GroupMember): JoinAnswer {
    const { generation, protocolType, protocolName, leaderId } = this
    return {
      error: 'none',
      memberId,
      generation,
      protocolType,
      protocolName,
      leaderId: leaderId ?? '',
      isAssignmentSkipped: false,
      members: memberId === leaderId ? this.#joinedMembers() : [],
    }
  }

  #joinedMembers(): JoinAnswer['members'] {
    return Array.from(this.members.values(), (member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      metadata: member.metadataOf(this.protocolName),
    }))
  }

  #assignmentOf({ assignment }: GroupMember): SyncAnswer {
    const { protocolType, protocolName } = this
    return { error: 'none', protocolType, protocolName, assignment }
  }

  #joined(ticket: number, answer: JoinAnswer): void {
    this.#effects.push({ kind: 'joined', ticket, answer })
  }

  #synced(ticket: number, answer: SyncAnswer): void {
    this.#effects.push({ kind: 'synced', ticket, answer })
  }
}
