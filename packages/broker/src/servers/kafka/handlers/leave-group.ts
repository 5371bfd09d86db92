// LeaveGroup: members leave their group, or an operator takes them out.

import type { LeaveGroupRequest, LeaveGroupResponse } from '@sluice/protocol/kafka/generated/leave-group'
import { groupErrors } from '../group-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

/** From here on several members leave at once. */
const versionWithMembers = 3

export function handleLeaveGroup(
  session: KafkaSession,
  { groupId, memberId, members }: LeaveGroupRequest,
  version: number,
): LeaveGroupResponse {
  const isBatch = version >= versionWithMembers
  const names = isBatch
    ? members.map((member) => ({ memberId: member.memberId, instanceId: member.groupInstanceId }))
    : [{ memberId, instanceId: null }]
  const left = session.services.groups.leave(groupId, names)
  const error = isBatch || left.error !== 'none' ? left.error : left.members[0]!.error
  return {
    throttleTimeMs: session.throttleTimeMs(),
    errorCode: groupErrors[error],
    members: left.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      errorCode: groupErrors[member.error],
    })),
  }
}

export function refuseLeaveGroup(_: LeaveGroupRequest, errorCode: number): LeaveGroupResponse {
  return { throttleTimeMs: 0, errorCode, members: [] }
}
