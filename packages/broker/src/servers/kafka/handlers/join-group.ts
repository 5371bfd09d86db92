// JoinGroup: a member enters a group, or takes part in its next generation. Answered when that begins.

import type {
  JoinGroupRequest,
  JoinGroupResponse,
  JoinGroupRequestProtocol,
} from '@sluice/protocol/kafka/generated/join-group'
import { joinRefused } from '../../../services/groups/group-messages.ts'
import type { JoinAnswer, JoinRequest, MemberProtocol } from '../../../services/groups/group-messages.ts'
import { groupErrors } from '../group-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'
import { untilStopped } from '../until-stopped.ts'

/** From here on a new member is told its id before it is let in. */
const versionWithIds = 4
const versionWithNullName = 7
const versionWithSkipping = 9

export async function handleJoinGroup(
  session: KafkaSession,
  request: JoinGroupRequest,
  version: number,
): Promise<JoinGroupResponse> {
  const { groups } = session.services
  const pending = groups.join(request.groupId, joinOf(session, request, version))
  const stopped = (): JoinAnswer => joinRefused('not-coordinator', request.memberId)
  const answer = await untilStopped(session.signal, pending, stopped)
  return responseOf(groupErrors[answer.error], answer, session.throttleTimeMs(), version)
}

export function refuseJoinGroup(
  { memberId }: JoinGroupRequest,
  errorCode: number,
  version: number,
): JoinGroupResponse {
  return responseOf(errorCode, joinRefused('none', memberId), 0, version)
}

function joinOf(session: KafkaSession, request: JoinGroupRequest, version: number): JoinRequest {
  const { sessionTimeoutMs, rebalanceTimeoutMs } = request
  return {
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    clientId: session.clientId,
    clientHost: session.clientHost,
    sessionTimeoutMs,
    // Version 0 does not say.
    rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
    protocolType: request.protocolType,
    protocols: request.protocols.map(owned),
    isIdRequired: version >= versionWithIds,
    canSkipAssignment: version >= versionWithSkipping,
  }
}

/** What is read is borrowed, and a group keeps it. */
function owned({ name, metadata }: JoinGroupRequestProtocol): MemberProtocol {
  return { name, metadata: new Uint8Array(metadata) }
}

function responseOf(
  errorCode: number,
  answer: JoinAnswer,
  throttleTimeMs: number,
  version: number,
): JoinGroupResponse {
  return {
    throttleTimeMs,
    errorCode,
    generationId: answer.generation,
    protocolType: answer.protocolType,
    protocolName: answer.protocolName ?? (version >= versionWithNullName ? null : ''),
    leader: answer.leaderId,
    skipAssignment: answer.isAssignmentSkipped,
    memberId: answer.memberId,
    members: answer.members.map(({ memberId, instanceId, metadata }) => ({
      memberId,
      groupInstanceId: instanceId,
      metadata,
    })),
  }
}
