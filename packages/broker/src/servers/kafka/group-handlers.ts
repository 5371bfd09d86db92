// The rows of requests about groups, their members and their offsets.

import { deleteGroupsApi } from '@sluice/protocol/kafka/generated/delete-groups'
import { describeGroupsApi } from '@sluice/protocol/kafka/generated/describe-groups'
import { findCoordinatorApi } from '@sluice/protocol/kafka/generated/find-coordinator'
import { heartbeatApi } from '@sluice/protocol/kafka/generated/heartbeat'
import { joinGroupApi } from '@sluice/protocol/kafka/generated/join-group'
import { leaveGroupApi } from '@sluice/protocol/kafka/generated/leave-group'
import { listGroupsApi } from '@sluice/protocol/kafka/generated/list-groups'
import { syncGroupApi } from '@sluice/protocol/kafka/generated/sync-group'
import { row } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import { handleDeleteGroups, refuseDeleteGroups } from './handlers/delete-groups.ts'
import { handleDescribeGroups, refuseDescribeGroups } from './handlers/describe-groups.ts'
import { handleFindCoordinator, refuseFindCoordinator } from './handlers/find-coordinator.ts'
import { handleHeartbeat, refuseHeartbeat } from './handlers/heartbeat.ts'
import { handleJoinGroup, refuseJoinGroup } from './handlers/join-group.ts'
import { handleLeaveGroup, refuseLeaveGroup } from './handlers/leave-group.ts'
import { handleListGroups, refuseListGroups } from './handlers/list-groups.ts'
import { handleSyncGroup, refuseSyncGroup } from './handlers/sync-group.ts'

export const groupHandlers: readonly HandlerRow[] = [
  row(findCoordinatorApi, handleFindCoordinator, { refuse: refuseFindCoordinator }),
  row(joinGroupApi, handleJoinGroup, { refuse: refuseJoinGroup }),
  row(heartbeatApi, handleHeartbeat, { refuse: refuseHeartbeat }),
  row(leaveGroupApi, handleLeaveGroup, { refuse: refuseLeaveGroup }),
  row(syncGroupApi, handleSyncGroup, { refuse: refuseSyncGroup }),
  row(describeGroupsApi, handleDescribeGroups, { refuse: refuseDescribeGroups }),
  row(listGroupsApi, handleListGroups, { refuse: refuseListGroups }),
  row(deleteGroupsApi, handleDeleteGroups, { refuse: refuseDeleteGroups }),
]
