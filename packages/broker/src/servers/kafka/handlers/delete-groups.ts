// DeleteGroups: forgets groups without members, with their offsets.

import type {
  DeleteGroupsRequest,
  DeleteGroupsResponse,
} from '@sluice/protocol/kafka/generated/delete-groups'
import { groupErrors } from '../group-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

export async function handleDeleteGroups(
  session: KafkaSession,
  { groupsNames }: DeleteGroupsRequest,
): Promise<DeleteGroupsResponse> {
  const { admin } = session.services.groups
  const results = await Promise.all(
    [...new Set(groupsNames)].map(async (groupId) => ({
      groupId,
      errorCode: groupErrors[await admin.delete(groupId)],
    })),
  )
  return { throttleTimeMs: session.throttleTimeMs(), results }
}

export function refuseDeleteGroups(
  { groupsNames }: DeleteGroupsRequest,
  errorCode: number,
): DeleteGroupsResponse {
  return { throttleTimeMs: 0, results: groupsNames.map((groupId) => ({ groupId, errorCode })) }
}
