// ListGroups: the groups that this node coordinates; clients ask every node.

import type { ListGroupsRequest, ListGroupsResponse } from '@sluice/protocol/kafka/generated/list-groups'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

const groupType = 'classic'

export function handleListGroups(
  session: KafkaSession,
  { statesFilter, typesFilter }: ListGroupsRequest,
): ListGroupsResponse {
  const states = lowered(statesFilter)
  const types = lowered(typesFilter)
  const groups = session.services.groups.admin
    .list()
    .filter(({ phase }) => states.size === 0 || states.has(phase.toLowerCase()))
    .filter(() => types.size === 0 || types.has(groupType))
    .map(({ groupId, phase, protocolType }) => ({ groupId, protocolType, groupState: phase, groupType }))
  return { throttleTimeMs: session.throttleTimeMs(), errorCode: kafkaErrors.NONE, groups }
}

export function refuseListGroups(_: ListGroupsRequest, errorCode: number): ListGroupsResponse {
  return { throttleTimeMs: 0, errorCode, groups: [] }
}

function lowered(words: readonly string[]): Set<string> {
  return new Set(words.map((word) => word.toLowerCase()))
}
