// What classic members ask of a group of the consumer protocol, which they came with or joined since. Pure,
// on the state of the group. A member's generation is its epoch; there is no leader, the broker assigns; and
// nobody waits: a member joins again for as long as it has something to give up or to get.

import type {
  GroupError,
  JoinAnswer,
  JoinRequest,
  LeftMember,
  MemberName,
  SyncAnswer,
  SyncRequest,
} from '../group-messages.ts'
import { joinRefused, syncRefused } from '../group-messages.ts'
import { readSubscription, writeAssignment } from '../subscription-reader.ts'
import type { ReadSubscription } from '../subscription-reader.ts'
import { namedPartitions, setsOf } from '../topic-partitions.ts'
import type { ConsumerGroupState } from './consumer-group-state.ts'
import { wordsBytesOf } from './consumer-member.ts'
import type { ClassicSide, ConsumerMember, MemberWords } from './consumer-member.ts'

/** The only protocol type that can be migrated. */
export const consumerType = 'consumer'

/** `newMemberId` is for one that has no id yet. */
export function joinAsClassic(
  state: ConsumerGroupState,
  request: JoinRequest,
  newMemberId: string,
  nowMs: number,
): JoinAnswer {
  const { memberId, instanceId } = request
  const subscription = readSubscription(request.protocols[0]?.metadata ?? new Uint8Array(0))
  if (subscription === undefined || !isSupported(state, request)) {
    return joinRefused('inconsistent-group-protocol', memberId)
  }
  if (memberId === '' && instanceId === null && request.isIdRequired) {
    return joinRefused('member-id-required', newMemberId)
  }
  const entered = findOrEnter(state, wordsOf(request, subscription, memberId || newMemberId), memberId === '')
  if (typeof entered === 'string') return joinRefused(entered, memberId)
  state.refreshTopics()
  state.reconcile(entered, setsOf(state.topics, subscription.owned), nowMs)
  state.heard(entered, nowMs)
  // Why: it has to ask for its assignment now.
  state.awaitStep(entered, nowMs)
  return {
    error: 'none',
    memberId: entered.memberId,
    generation: entered.epoch,
    protocolType: consumerType,
    protocolName: request.protocols[0]!.name,
    leaderId: '',
    isAssignmentSkipped: false,
    members: [],
  }
}

export function syncAsClassic(state: ConsumerGroupState, request: SyncRequest, nowMs: number): SyncAnswer {
  const found = findClassic(state, request, request.generation)
  if (typeof found === 'string') return syncRefused(found)
  const { member, classic } = found
  const { name, metadata } = classic.protocols[0]!
  const { protocolType, protocolName } = request
  const isConsistent =
    (protocolType === null || protocolType === consumerType) &&
    (protocolName === null || protocolName === name)
  if (!isConsistent) return syncRefused('inconsistent-group-protocol')
  // Why not one that gives up: it has joined for that, and learns here what it is to give up.
  if (state.assignmentEpoch > member.epoch && member.revoking.size === 0) {
    awaitJoin(state, member, nowMs)
    return syncRefused('rebalance-in-progress')
  }
  member.stepByMs = Infinity
  state.heard(member, nowMs)
  const assignment = writeAssignment(
    readSubscription(metadata)?.version ?? 0,
    namedPartitions(state.topics, member.assigned),
  )
  return { error: 'none', protocolType: consumerType, protocolName: name, assignment }
}

export function heartbeatAsClassic(
  state: ConsumerGroupState,
  name: MemberName,
  generation: number,
  nowMs: number,
): GroupError {
  const found = findClassic(state, name, generation)
  if (typeof found === 'string') return found
  const { member } = found
  state.heard(member, nowMs)
  state.refreshTopics()
  const hasToJoin =
    member.epoch < state.epoch ||
    member.revoking.size > 0 ||
    (member.settledEpoch !== state.assignmentEpoch && state.isRestFree(member))
  if (!hasToJoin) return 'none'
  awaitJoin(state, member, nowMs)
  return 'rebalance-in-progress'
}

/** All of them at once: the epoch rises once for all that have left. */
export function leaveAsClassic(state: ConsumerGroupState, names: readonly MemberName[]): LeftMember[] {
  const leaving = new Set<ConsumerMember>()
  const left = names.map((name) => {
    const found = findLeaving(state, name)
    if (typeof found !== 'string') leaving.add(found)
    return { ...name, error: typeof found === 'string' ? found : ('none' as const) }
  })
  state.remove([...leaving])
  return left
}

function findLeaving(
  state: ConsumerGroupState,
  { memberId, instanceId }: MemberName,
): ConsumerMember | GroupError {
  const member = instanceId === null ? state.members.get(memberId) : state.staticMember(instanceId)
  if (member === undefined) return 'unknown-member-id'
  // Why also without an id: an operator takes a static member out by its instance id alone, whichever it is.
  if (memberId === '') return member
  if (member.memberId !== memberId) return 'fenced-instance-id'
  return member.words.classic === null ? 'unknown-member-id' : member
}

/** It has as long to join again as it said; that it is told once more gives it no more time. */
function awaitJoin(state: ConsumerGroupState, member: ConsumerMember, nowMs: number): void {
  if (member.stepByMs === Infinity) state.awaitStep(member, nowMs)
}

/** Offers one that all classic members do. Each list is walked once: a member may offer thousands. */
function isSupported(state: ConsumerGroupState, request: JoinRequest): boolean {
  const { protocolType, protocols, memberId } = request
  if (protocolType !== consumerType) return false
  let common = namesOf(protocols)
  for (const { words } of state.members.values()) {
    if (common.size === 0) return false
    if (words.classic === null || words.memberId === memberId) continue
    common = common.intersection(namesOf(words.classic.protocols))
  }
  return common.size > 0
}

function namesOf(protocols: ClassicSide['protocols']): Set<string> {
  return new Set(protocols.map(({ name }) => name))
}

function wordsOf(request: JoinRequest, { topics }: ReadSubscription, memberId: string): MemberWords {
  const { instanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols } = request
  const classic = { sessionTimeoutMs, protocols }
  const said = { memberId, instanceId, clientId, clientHost, rebalanceTimeoutMs, topics, classic }
  return { ...said, rackId: null, pattern: '', assignor: null }
}

function findOrEnter(
  state: ConsumerGroupState,
  words: MemberWords,
  isNew: boolean,
): ConsumerMember | GroupError {
  const { memberId, instanceId } = words
  const known = instanceId === null ? undefined : state.staticMember(instanceId)
  const member = known ?? state.members.get(memberId)
  if (instanceId !== null && !isNew) {
    if (known === undefined) return 'unknown-member-id'
    if (known.memberId !== memberId) return 'fenced-instance-id'
  }
  const { membersMax, membersBytesMax } = state.bounds
  if (member === undefined && state.members.size >= membersMax) return 'group-max-size-reached'
  const knownBytes = member === undefined ? 0 : wordsBytesOf(member.words)
  if (state.bytes - knownBytes + wordsBytesOf(words) > membersBytesMax) return 'group-max-size-reached'
  if (member === undefined) return state.enter(words)
  if (member.memberId !== memberId) return state.replace(member, words)
  state.say(member, words)
  return member
}

function findClassic(
  state: ConsumerGroupState,
  { memberId, instanceId }: MemberName,
  generation: number,
): { readonly member: ConsumerMember; readonly classic: ClassicSide } | GroupError {
  const member = instanceId === null ? state.members.get(memberId) : state.staticMember(instanceId)
  if (member === undefined) return 'unknown-member-id'
  if (member.memberId !== memberId) return 'fenced-instance-id'
  const { classic } = member.words
  if (classic === null) return 'unknown-member-id'
  return generation === member.epoch ? { member, classic } : 'illegal-generation'
}
