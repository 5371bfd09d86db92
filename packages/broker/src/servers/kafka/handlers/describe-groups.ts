// DescribeGroups: who is in groups, and what they have.

import type {
  DescribeGroupsRequest,
  DescribeGroupsResponse,
  DescribeGroupsResponseGroup,
} from '@sluice/protocol/kafka/generated/describe-groups'
import type { DescribedGroup } from '../../../services/groups/group-admin.ts'
import { groupOperations, operationsNotAsked } from '../authorized-operations.ts'
import { groupErrors } from '../group-errors.ts'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

/** Before it, a group that is not there is one that is dead. */
const versionWithNotFound = 6

export function handleDescribeGroups(
  session: KafkaSession,
  { groups: ids, includeAuthorizedOperations }: DescribeGroupsRequest,
  version: number,
): DescribeGroupsResponse {
  const { groups } = session.services
  const authorizedOperations = includeAuthorizedOperations ? groupOperations : operationsNotAsked
  const described = Array.from(new Set(ids), (groupId) => {
    const error = groups.groupErrorOf(groupId)
    if (error !== 'none') return refused(groupId, groupErrors[error])
    const group = groups.admin.describe(groupId)
    return group === undefined ? notFound(groupId, version) : { ...groupOf(group), authorizedOperations }
  })
  return { throttleTimeMs: session.throttleTimeMs(), groups: described }
}

export function refuseDescribeGroups(
  { groups }: DescribeGroupsRequest,
  errorCode: number,
): DescribeGroupsResponse {
  return { throttleTimeMs: 0, groups: groups.map((groupId) => refused(groupId, errorCode)) }
}

function groupOf({ groupId, phase, members, ...group }: DescribedGroup): DescribeGroupsResponseGroup {
  return {
    errorCode: kafkaErrors.NONE,
    errorMessage: null,
    groupId,
    groupState: phase,
    protocolType: group.protocolType,
    protocolData: group.protocolName,
    members: members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: member.metadata,
      memberAssignment: member.assignment,
    })),
  }
}

function notFound(groupId: string, version: number): DescribeGroupsResponseGroup {
  if (version < versionWithNotFound) return { ...refused(groupId, kafkaErrors.NONE), groupState: 'Dead' }
  const errorMessage = `There is no classic group ${groupId}.`
  return { ...refused(groupId, kafkaErrors.GROUP_ID_NOT_FOUND), groupState: 'Dead', errorMessage }
}

function refused(groupId: string, errorCode: number): DescribeGroupsResponseGroup {
  const nothing = { groupState: '', protocolType: '', protocolData: '', members: [] }
  return { ...nothing, errorCode, errorMessage: null, groupId }
}
