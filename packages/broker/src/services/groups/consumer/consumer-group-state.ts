// A group of the consumer protocol (KIP-848): its members, what each is to have, and how far each has come on
// the way there. What members ask is in consumer-heartbeat.ts and classic-requests.ts. Must never look at a
// clock or wait: it is told the time, and says when it has changed.
//
//   the group's epoch    rises when members, subscriptions or topics change
//   the target's epoch   that of the group for which the target was computed, when next somebody asks
//   a member's epoch     that of the target for which it has given up what it had to
//
// Must never let two members have one partition: it is free when nobody has it, nor may still have it.

import type { GroupPhase } from '@sluice/protocol/model/group'
import { assert } from '../../../base/assert.ts'
import type { TopicView } from '../topic-directory.ts'
import { assignors, defaultAssignor } from './assignors.ts'
import { isAssignor, joiningEpoch, pausingEpoch } from '../consumer-messages.ts'
import type { AssignorName } from '../consumer-messages.ts'
import { ConsumerMember, wordsBytesOf } from './consumer-member.ts'
import type { KnownConsumerMember, MemberWords } from './consumer-member.ts'
import { PartitionHolders } from './partition-holders.ts'
import { areEqual, countOf, difference, filtered, noPartitions } from '../partition-sets.ts'
import type { PartitionSets } from '../partition-sets.ts'
import { reconciliationPlan } from './reconciliation-plan.ts'
import { SubscriptionIndex } from './subscription-index.ts'
import type { Subscription } from './subscription-index.ts'

/** Of which the targets of the members are. */
interface Assignment {
  readonly assignmentEpoch: number
  readonly assignor: string
  /** Partitions of each stream that were assigned. */
  readonly partitionCounts: ReadonlyMap<number, number>
}

/** What survives a restart. */
export interface KnownConsumerGroup extends Assignment {
  readonly kind: 'consumer'
  readonly epoch: number
  readonly members: readonly KnownConsumerMember[]
}

export interface ConsumerGroupBounds {
  readonly membersMax: number
  /** What its members may say of themselves together. */
  readonly membersBytesMax: number
  readonly sessionTimeoutMs: number
  /** How long members of a group wait between two heartbeats while nothing changes. */
  readonly heartbeatIntervalMs: number
}

/**
 * Members and partitions for which the next assignment waits a millisecond: about a tenth of the time goes
 * into assigning, however many members come at once.
 */
const assignedPerMs = 100
const restMsMax = 1000

export class ConsumerGroupState {
  readonly members = new Map<string, ConsumerMember>()
  readonly bounds: ConsumerGroupBounds
  readonly topics: TopicView
  readonly subscriptions: SubscriptionIndex
  epoch = 0
  /** What its members say of themselves. */
  bytes = 0
  readonly #subscribed = new Map<string, Subscription>()
  /** Member ids by instance id. */
  readonly #staticIds = new Map<string, string>()
  readonly #holders = new PartitionHolders()
  #assignment: Assignment = { assignmentEpoch: 0, assignor: defaultAssignor, partitionCounts: new Map() }
  /** Of the topics, when the group last looked. */
  #topicsVersion = 0
  #earliestMs = Infinity
  #isChanged = false
  #hasLost = false
  /** When the next assignment may be made. */
  #restsUntilMs = -Infinity

  constructor(bounds: ConsumerGroupBounds, topics: TopicView, known?: KnownConsumerGroup, nowMs = 0) {
    this.bounds = bounds
    this.topics = topics
    this.subscriptions = new SubscriptionIndex(topics)
    if (known === undefined) return
    this.epoch = known.epoch
    const { assignmentEpoch, assignor, partitionCounts } = known
    this.#assignment = { assignmentEpoch, assignor, partitionCounts }
    for (const each of known.members) this.#restore(each, nowMs)
  }

  get kind(): 'consumer' {
    return 'consumer'
  }

  get protocolType(): string {
    return 'consumer'
  }

  get assignmentEpoch(): number {
    return this.#assignment.assignmentEpoch
  }

  get assignor(): string {
    return this.#assignment.assignor
  }

  get phase(): GroupPhase {
    if (this.members.size === 0) return 'Empty'
    if (this.epoch > this.assignmentEpoch) return 'Assigning'
    for (const member of this.members.values()) {
      if (member.settledEpoch !== this.assignmentEpoch) return 'Reconciling'
    }
    return 'Stable'
  }

  /** When `expire` has something to do, at the earliest. */
  get due(): { readonly deadlineMs: number; readonly waitMs: number } {
    return { deadlineMs: this.#earliestMs, waitMs: Infinity }
  }

  /** Nobody is given an id that is not used at once. */
  get pendingCount(): number {
    return 0
  }

  /** About what is kept of what its members read and have, beside what they say. */
  get readBytes(): number {
    return this.subscriptions.bytes + this.#holders.bytes
  }

  /** All members that are left are classic ones. */
  get isClassicOnly(): boolean {
    if (this.members.size === 0) return false
    for (const { words } of this.members.values()) if (words.classic === null) return false
    return true
  }

  /** Whether something has changed, since it was last asked, that must survive a restart. */
  takeChange(): boolean {
    const isChanged = this.#isChanged
    this.#isChanged = false
    return isChanged
  }

  /** Whether members have gone, or speak the other protocol, since it was last asked. */
  takeLoss(): boolean {
    const hasLost = this.#hasLost
    this.#hasLost = false
    return hasLost
  }

  /** What its members read. */
  topicNames(): Set<string> {
    this.subscriptions.resolve(this.#subscribed.values())
    const names = new Set<string>()
    for (const { streamIds } of new Set(this.#subscribed.values())) {
      for (const id of streamIds) names.add(this.topics.byId(id)!.name)
    }
    return names
  }

  known(): KnownConsumerGroup {
    const members = Array.from(this.members.values(), (member) => member.known())
    return { kind: 'consumer', epoch: this.epoch, ...this.#assignment, members }
  }

  staticMember(instanceId: string): ConsumerMember | undefined {
    const memberId = this.#staticIds.get(instanceId)
    return memberId === undefined ? undefined : this.members.get(memberId)
  }

  subscriptionOf({ memberId }: ConsumerMember): Subscription {
    return this.#subscribed.get(memberId)!
  }

  /** It has all that the group as it is now gives it. */
  isSettled({ settledEpoch }: ConsumerMember): boolean {
    return settledEpoch === this.epoch
  }

  /** Those of its target that it has not got, and that are free now, are all that it lacks. */
  isRestFree({ target, assigned }: ConsumerMember): boolean {
    const missing = difference(target, assigned)
    return (
      countOf(filtered(missing, (id, partition) => this.#holders.isFree(id, partition))) === countOf(missing)
    )
  }

  // ── Members come, speak and go ───────────────────────────────────────────────────────────────────────────

  enter(words: MemberWords): ConsumerMember {
    const member = new ConsumerMember(words)
    this.#put(member)
    this.#bump()
    return member
  }

  /** A static member has come back under another id: it has what the one before it had. */
  replace(old: ConsumerMember, words: MemberWords): ConsumerMember {
    const isSame = this.subscriptions.of(words.topics, words.pattern) === this.subscriptionOf(old)
    this.#drop(old)
    const member = new ConsumerMember(words)
    member.target = old.target
    this.#put(member)
    this.#isChanged = true
    if (!isSame) this.#bump()
    return member
  }

  /** It says otherwise than before. */
  say(member: ConsumerMember, words: MemberWords): void {
    const before = this.subscriptionOf(member)
    this.#forgetWords(member)
    member.words = words
    this.#keepWords(member)
    this.#isChanged = true
    if (this.subscriptionOf(member) !== before) this.#bump()
  }

  /** A static member leaves for a while: what it has is kept for it until its session ends. */
  pause(member: ConsumerMember): void {
    this.#hold(member, member.assigned, noPartitions)
    member.epoch = pausingEpoch
    member.settledEpoch = -1
    member.stepByMs = Infinity
    this.#isChanged = true
  }

  remove(members: readonly ConsumerMember[]): void {
    if (members.length === 0) return
    for (const member of members) this.#drop(member)
    this.#bump()
  }

  heard(member: ConsumerMember, nowMs: number): void {
    const sessionMs = member.words.classic?.sessionTimeoutMs ?? this.bounds.sessionTimeoutMs
    member.deadlineMs = nowMs + sessionMs
    if (member.deadlineMs < this.#earliestMs) this.#earliestMs = member.deadlineMs
  }

  /** It must have done its next step by then. */
  awaitStep(member: ConsumerMember, nowMs: number): void {
    member.stepByMs = nowMs + member.words.rebalanceTimeoutMs
    if (member.stepByMs < this.#earliestMs) this.#earliestMs = member.stepByMs
  }

  // ── What they are to have ────────────────────────────────────────────────────────────────────────────────

  /** Looks whether there are other topics to assign than before. */
  refreshTopics(): void {
    if (this.#topicsVersion === this.topics.version && !this.subscriptions.isBehind) return
    this.#topicsVersion = this.topics.version
    // Why: what is assigned next looks at them as they are now.
    if (this.epoch > this.assignmentEpoch) return
    const counts = this.subscriptions.resolve(this.#subscribed.values())
    if (!areSameCounts(counts, this.#assignment.partitionCounts)) this.#bump()
  }

  /**
   * Moves a member on to its target as far as it can go; `owned` is what it says it has, if it does. Answers
   * whether it has been assigned anything else than before.
   */
  reconcile(member: ConsumerMember, owned: PartitionSets | null, nowMs: number): boolean {
    if (this.epoch > this.assignmentEpoch && nowMs >= this.#restsUntilMs) this.#assign(nowMs)
    if (member.settledEpoch === this.assignmentEpoch) return false
    // Why: one that left for a while has come back.
    if (member.isPaused) member.epoch = joiningEpoch
    const { assigned, revoking, epoch } = member
    this.#hold(member, noPartitions, noPartitions)
    const plan = reconciliationPlan(
      { epoch, assigned, revoking, target: member.target },
      {
        targetEpoch: this.assignmentEpoch,
        owned: owned ?? undefined,
        isFree: (streamId, partition) => this.#holders.isFree(streamId, partition),
      },
    )
    this.#hold(member, plan?.assigned ?? assigned, plan?.revoking ?? revoking)
    if (plan === undefined) return false
    if (plan.isSettled) member.settledEpoch = this.assignmentEpoch
    if (plan.epoch !== epoch) {
      member.previousEpoch = epoch
      member.epoch = plan.epoch
    }
    const isOther = !areEqual(assigned, plan.assigned)
    const hasMoved = isOther || plan.epoch !== epoch || !areEqual(revoking, plan.revoking)
    if (hasMoved) this.#isChanged = true
    if (hasMoved && member.words.classic === null) {
      if (plan.revoking.size > 0) this.awaitStep(member, nowMs)
      else member.stepByMs = Infinity
    }
    return isOther
  }

  // ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** To be called when something is due. Members that may not have been heard keep their time. */
  expire(nowMs: number, areDeadlinesKept: boolean): void {
    if (!areDeadlinesKept || this.#earliestMs > nowMs) return
    const late: ConsumerMember[] = []
    this.#earliestMs = Infinity
    for (const member of this.members.values()) {
      const dueMs = Math.min(member.deadlineMs, member.stepByMs)
      if (dueMs <= nowMs) late.push(member)
      else this.#earliestMs = Math.min(this.#earliestMs, dueMs)
    }
    this.remove(late)
  }

  /** The group is deleted, or has expired. */
  end(): void {
    assert(this.members.size === 0, 'a group ends without members')
    this.handOver()
  }

  /** The group goes on under the other protocol. */
  handOver(): void {
    this.#earliestMs = Infinity
  }

  // ── Within ───────────────────────────────────────────────────────────────────────────────────────────────

  #restore(known: KnownConsumerMember, nowMs: number): void {
    const { epoch, previousEpoch, assigned, revoking, target, ...words } = known
    const member = new ConsumerMember(words)
    member.epoch = epoch
    member.previousEpoch = previousEpoch
    member.target = target
    this.#put(member)
    this.#hold(member, assigned, revoking)
    const isSettled = epoch === this.assignmentEpoch && revoking.size === 0 && areEqual(assigned, target)
    if (isSettled) member.settledEpoch = epoch
    this.heard(member, nowMs)
    if (revoking.size > 0 && words.classic === null) this.awaitStep(member, nowMs)
  }

  #bump(): void {
    this.epoch++
    this.#isChanged = true
  }

  #put(member: ConsumerMember): void {
    assert(!this.members.has(member.memberId), 'a member enters once')
    this.members.set(member.memberId, member)
    this.#keepWords(member)
  }

  #drop(member: ConsumerMember): void {
    this.members.delete(member.memberId)
    this.#forgetWords(member)
    this.#hold(member, noPartitions, noPartitions)
  }

  #keepWords(member: ConsumerMember): void {
    const { memberId, instanceId, topics, pattern } = member.words
    this.bytes += wordsBytesOf(member.words)
    if (instanceId !== null) this.#staticIds.set(instanceId, memberId)
    this.#subscribed.set(memberId, this.subscriptions.of(topics, pattern))
  }

  #forgetWords(member: ConsumerMember): void {
    this.#hasLost = true
    const { memberId, instanceId } = member.words
    this.bytes -= wordsBytesOf(member.words)
    if (instanceId !== null) this.#staticIds.delete(instanceId)
    this.#subscribed.delete(memberId)
  }

  #hold(member: ConsumerMember, assigned: PartitionSets, revoking: PartitionSets): void {
    this.#holders.release(member.assigned)
    this.#holders.release(member.revoking)
    member.assigned = assigned
    member.revoking = revoking
    this.#holders.hold(assigned)
    this.#holders.hold(revoking)
  }

  #assign(nowMs: number): void {
    const counts = this.subscriptions.resolve(this.#subscribed.values())
    const assignable = Array.from(this.members.values(), (member) => ({
      memberId: member.memberId,
      instanceId: member.words.instanceId,
      streamIds: this.subscriptionOf(member).streamIds,
      current: member.target,
    }))
    const assignor = this.#preferredAssignor()
    const targets = assignors[assignor](assignable, counts)
    for (const member of this.members.values()) member.target = targets.get(member.memberId) ?? noPartitions
    this.#assignment = { assignmentEpoch: this.epoch, assignor, partitionCounts: counts }
    this.#isChanged = true
    const partitionCount = [...counts.values()].reduce((sum, count) => sum + count, 0)
    const restMs = Math.floor((this.members.size + partitionCount) / assignedPerMs)
    this.#restsUntilMs = nowMs + Math.min(restMs, restMsMax)
  }

  /** The one that most members ask for. */
  #preferredAssignor(): AssignorName {
    const votes = new Map<AssignorName, number>()
    for (const { words } of this.members.values()) {
      if (isAssignor(words.assignor)) votes.set(words.assignor, (votes.get(words.assignor) ?? 0) + 1)
    }
    let preferred: AssignorName = defaultAssignor
    for (const [name, count] of votes) if (count > (votes.get(preferred) ?? 0)) preferred = name
    return preferred
  }
}

function areSameCounts(one: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>): boolean {
  if (one.size !== other.size) return false
  for (const [id, count] of one) if (other.get(id) !== count) return false
  return true
}
