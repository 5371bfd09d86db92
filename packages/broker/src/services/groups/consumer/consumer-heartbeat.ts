// What a member of the consumer protocol asks: to join, to stay with what it has and hear what it is to have,
// and to leave. Pure, on the state of its group. Errors are those that Kafka answers.

import type { GroupError } from '../group-messages.ts'
import type { ConsumerGroupState } from './consumer-group-state.ts'
import { wordsBytesOf } from './consumer-member.ts'
import type { ConsumerMember, MemberWords } from './consumer-member.ts'
import {
  heartbeatRefused,
  isAssignor,
  joiningEpoch,
  leavingEpoch,
  pausingEpoch,
} from '../consumer-messages.ts'
import type { ConsumerAnswer, ConsumerHeartbeat } from '../consumer-messages.ts'
import { isSubset } from '../partition-sets.ts'

const changingHeartbeatMsMin = 1000

/** What is wrong with a request, whatever the group: the error and why. */
export function heartbeatFaultOf(request: ConsumerHeartbeat): readonly [GroupError, string] | undefined {
  const { epoch, instanceId, memberId } = request
  const isIdNeeded = request.isIdRequired || epoch > joiningEpoch || epoch === leavingEpoch
  if (isIdNeeded && isBlank(memberId)) return ['invalid-request', "MemberId can't be empty."]
  if (isBlank(instanceId)) return ['invalid-request', "InstanceId can't be empty."]
  if (isBlank(request.rackId)) return ['invalid-request', "RackId can't be empty."]
  if (epoch < pausingEpoch) return ['invalid-request', 'MemberEpoch is invalid.']
  if (epoch === pausingEpoch && instanceId === null) return ['invalid-request', "InstanceId can't be null."]
  if (epoch === joiningEpoch) {
    const fault = joinFaultOf(request)
    if (fault !== undefined) return ['invalid-request', fault]
  }
  const { assignor } = request
  if (assignor === null || isAssignor(assignor)) return undefined
  return ['unsupported-assignor', `ServerAssignor ${assignor} is not supported.`]
}

function joinFaultOf({ rebalanceTimeoutMs, owned, topics, pattern }: ConsumerHeartbeat): string | undefined {
  if (rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be provided in first request.'
  if (owned === null || owned.size > 0) return 'TopicPartitions must be empty when (re-)joining.'
  if (topics !== null || pattern !== null) return undefined
  return 'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.'
}

function isBlank(text: string | null): boolean {
  return text !== null && text.trim() === ''
}

/** `newMemberId` is for one that has no id yet. The request has no fault of its own. */
export function consumerHeartbeat(
  state: ConsumerGroupState,
  request: ConsumerHeartbeat,
  newMemberId: string,
  nowMs: number,
): ConsumerAnswer {
  if (request.epoch < joiningEpoch) return leave(state, request)
  const found = findOrEnter(state, request, newMemberId)
  if (typeof found === 'string') return heartbeatRefused(found, request)
  state.refreshTopics()
  const hasOther = state.reconcile(found, request.owned, nowMs)
  state.heard(found, nowMs)
  const { memberId, epoch, assigned } = found
  const isTold = hasOther || request.epoch === joiningEpoch || isWhole(request)
  const isCalm = !hasOther && epoch === request.epoch && state.isSettled(found)
  const heartbeatMs = isCalm ? state.bounds.heartbeatIntervalMs : changingHeartbeatMs(state)
  return { error: 'none', text: null, memberId, epoch, assigned: isTold ? assigned : null, heartbeatMs }
}

/** Who has something to give up, or to wait for, comes again sooner; of many members not all at once. */
function changingHeartbeatMs({ bounds, members }: ConsumerGroupState): number {
  return Math.min(bounds.heartbeatIntervalMs, Math.max(changingHeartbeatMsMin, members.size))
}

/** It says all that there is to say, and wants to hear all. */
function isWhole({ rebalanceTimeoutMs, topics, pattern, owned }: ConsumerHeartbeat): boolean {
  return rebalanceTimeoutMs !== -1 && (topics !== null || pattern !== null) && owned !== null
}

function leave(state: ConsumerGroupState, request: ConsumerHeartbeat): ConsumerAnswer {
  const { memberId, instanceId, epoch } = request
  const member = instanceId === null ? state.members.get(memberId) : state.staticMember(instanceId)
  if (member === undefined) return heartbeatRefused('unknown-member-id', request)
  if (member.memberId !== memberId) return heartbeatRefused('fenced-instance-id', request)
  if (epoch === pausingEpoch) state.pause(member)
  else state.remove([member])
  return { error: 'none', text: null, memberId, epoch, assigned: null, heartbeatMs: 0 }
}

function findOrEnter(
  state: ConsumerGroupState,
  request: ConsumerHeartbeat,
  newMemberId: string,
): ConsumerMember | GroupError {
  const { instanceId, memberId, epoch } = request
  const isJoining = epoch === joiningEpoch
  const known = instanceId === null ? undefined : state.staticMember(instanceId)
  const member = known ?? state.members.get(memberId)
  if (!isJoining) {
    if (member === undefined || (instanceId !== null && known === undefined)) return 'unknown-member-id'
    if (member.memberId !== memberId) return 'fenced-instance-id'
    if (!isItsEpoch(member, request)) return 'fenced-member-epoch'
  } else if (member !== undefined && member.memberId !== memberId) {
    // Why also of a classic one: it has been started again with the other protocol.
    if (!member.isPaused && member.words.classic === null) return 'unreleased-instance-id'
    if (state.members.has(memberId)) return 'invalid-request'
  }
  if (member !== undefined && saysNothing(member.words, request)) return member
  const words = wordsAfter(member?.words, request, memberId === '' ? newMemberId : memberId)
  const error = wordsErrorOf(state, words, member)
  if (error !== 'none') return error
  if (member === undefined) return state.enter(words)
  if (member.memberId !== words.memberId) return state.replace(member, words)
  state.say(member, words)
  return member
}

/** The one before it too, where the answer with its present one may have been lost. */
function isItsEpoch(member: ConsumerMember, { epoch, owned }: ConsumerHeartbeat): boolean {
  if (epoch === member.epoch) return true
  return (
    epoch === member.previousEpoch &&
    epoch < member.epoch &&
    owned !== null &&
    isSubset(owned, member.assigned)
  )
}

function wordsErrorOf(
  state: ConsumerGroupState,
  words: MemberWords,
  member: ConsumerMember | undefined,
): GroupError {
  const { membersMax, membersBytesMax } = state.bounds
  if (member === undefined && state.members.size >= membersMax) return 'group-max-size-reached'
  const knownBytes = member === undefined ? 0 : wordsBytesOf(member.words)
  if (state.bytes - knownBytes + wordsBytesOf(words) > membersBytesMax) return 'group-max-size-reached'
  const isPattern = words.pattern === member?.words.pattern || state.subscriptions.isPattern(words.pattern)
  return isPattern ? 'none' : 'invalid-regular-expression'
}

/** A member that is known: also one that says everything again, as it was. */
function saysNothing(words: MemberWords, request: ConsumerHeartbeat): boolean {
  return (
    words.memberId === request.memberId &&
    words.classic === null &&
    words.clientId === request.clientId &&
    words.clientHost === request.clientHost &&
    (request.instanceId === null || request.instanceId === words.instanceId) &&
    (request.rackId === null || request.rackId === words.rackId) &&
    (request.rebalanceTimeoutMs === -1 || request.rebalanceTimeoutMs === words.rebalanceTimeoutMs) &&
    (request.pattern === null || request.pattern === words.pattern) &&
    (request.assignor === null || request.assignor === words.assignor) &&
    (request.topics === null || areSameTexts(request.topics, words.topics))
  )
}

function areSameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, at) => text === other[at])
}

/** What is known of the member by now; of a new one nothing. */
export function wordsAfter(
  before: MemberWords | undefined,
  request: ConsumerHeartbeat,
  memberId: string,
): MemberWords {
  const { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs, topics, pattern, assignor } = request
  return {
    memberId,
    instanceId: instanceId ?? before?.instanceId ?? null,
    rackId: rackId ?? before?.rackId ?? null,
    clientId,
    clientHost,
    rebalanceTimeoutMs:
      rebalanceTimeoutMs === -1 ? (before?.rebalanceTimeoutMs ?? 0) : Math.max(0, rebalanceTimeoutMs),
    topics: topics ?? before?.topics ?? [],
    pattern: pattern ?? before?.pattern ?? '',
    assignor: assignor ?? before?.assignor ?? null,
    classic: null,
  }
}
