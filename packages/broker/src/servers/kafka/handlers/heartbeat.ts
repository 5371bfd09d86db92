// Heartbeat: a member of a group is alive, and hears whether it has to join again.

import type { HeartbeatRequest, HeartbeatResponse } from '@sluice/protocol/kafka/generated/heartbeat'
import { groupErrors } from '../group-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

export function handleHeartbeat(
  session: KafkaSession,
  { groupId, memberId, groupInstanceId, generationId }: HeartbeatRequest,
): HeartbeatResponse {
  const name = { memberId, instanceId: groupInstanceId }
  const error = session.services.groups.heartbeat(groupId, name, generationId)
  return { throttleTimeMs: session.throttleTimeMs(), errorCode: groupErrors[error] }
}

export function refuseHeartbeat(_: HeartbeatRequest, errorCode: number): HeartbeatResponse {
  return { throttleTimeMs: 0, errorCode }
}
