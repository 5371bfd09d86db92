// SyncGroup: the leader of a generation says who has what; everybody hears it when it is stored.

import type { SyncGroupRequest, SyncGroupResponse } from '@sluice/protocol/kafka/generated/sync-group'
import { syncRefused } from '../../../services/groups/group-messages.ts'
import type { SyncAnswer, SyncRequest } from '../../../services/groups/group-messages.ts'
import { groupErrors } from '../group-errors.ts'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'
import { untilStopped } from '../until-stopped.ts'

/** From here on members say which protocol they follow. */
const versionWithProtocol = 5

export async function handleSyncGroup(
  session: KafkaSession,
  request: SyncGroupRequest,
  version: number,
): Promise<SyncGroupResponse> {
  const { protocolType, protocolName } = request
  if (version >= versionWithProtocol && (protocolType === null || protocolName === null)) {
    return refuseSyncGroup(request, kafkaErrors.INCONSISTENT_GROUP_PROTOCOL)
  }
  const pending = session.services.groups.sync(request.groupId, syncOf(request))
  const stopped = (): SyncAnswer => syncRefused('not-coordinator')
  const { error, ...answer } = await untilStopped(session.signal, pending, stopped)
  return { ...answer, errorCode: groupErrors[error], throttleTimeMs: session.throttleTimeMs() }
}

export function refuseSyncGroup(_: SyncGroupRequest, errorCode: number): SyncGroupResponse {
  const { error: _none, ...answer } = syncRefused('none')
  return { ...answer, errorCode, throttleTimeMs: 0 }
}

/** What is read is borrowed, and a group keeps it. */
function syncOf(request: SyncGroupRequest): SyncRequest {
  return {
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationId,
    protocolType: request.protocolType,
    protocolName: request.protocolName,
    assignments: request.assignments.map(({ memberId, assignment }) => ({
      memberId,
      assignment: new Uint8Array(assignment),
    })),
  }
}
