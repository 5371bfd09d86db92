// ListGroups: the groups that this node coordinates; clients ask every node.

import type { ListGroupsRequest, ListGroupsResponse } from '@sluice/protocol/kafka/generated/list-groups'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

export function handleListGroups(
  session: KafkaSession,
  { statesFilter, typesFilter }: ListGroupsRequest,
): ListGroupsResponse {
  const states = lowered(statesFilter)
  const types = lowered(typesFilter)
  const groups = session.services.groups.admin
    .list()
    .filter(({ phase }) => states.size === 0 || states.has(phase.toLowerCase()))
    .filter(({ kind }) => types.size === 0 || types.has(kind))
    .map(({ groupId, kind, phase, protocolType }) => {
      return { groupId, protocolType, groupState: phase, groupType: kind }
    })
  return { throttleTimeMs: session.throttleTimeMs(), errorCode: kafkaErrors.NONE, groups }
}

export function refuseListGroups(_: ListGroupsRequest, errorCode: number): ListGroupsResponse {
  return { throttleTimeMs: 0, errorCode, groups: [] }
}

function lowered(words: readonly string[]): Set<string> {
  return new Set(words.map((word) => word.toLowerCase()))
}
