// The rows of what members of groups ask: to find their coordinator, to join, to stay and to leave.

import { consumerGroupHeartbeatApi } from '@sluice/protocol/kafka/generated/consumer-group-heartbeat'
import { findCoordinatorApi } from '@sluice/protocol/kafka/generated/find-coordinator'
import { heartbeatApi } from '@sluice/protocol/kafka/generated/heartbeat'
import { joinGroupApi } from '@sluice/protocol/kafka/generated/join-group'
import { leaveGroupApi } from '@sluice/protocol/kafka/generated/leave-group'
import { syncGroupApi } from '@sluice/protocol/kafka/generated/sync-group'
import { row } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import {
  handleConsumerGroupHeartbeat,
  refuseConsumerGroupHeartbeat,
} from './handlers/consumer-group-heartbeat.ts'
import { handleFindCoordinator, refuseFindCoordinator } from './handlers/find-coordinator.ts'
import { handleHeartbeat, refuseHeartbeat } from './handlers/heartbeat.ts'
import { handleJoinGroup, refuseJoinGroup } from './handlers/join-group.ts'
import { handleLeaveGroup, refuseLeaveGroup } from './handlers/leave-group.ts'
import { handleSyncGroup, refuseSyncGroup } from './handlers/sync-group.ts'

export const groupMemberHandlers: readonly HandlerRow[] = [
  row(findCoordinatorApi, handleFindCoordinator, { refuse: refuseFindCoordinator }),
  row(joinGroupApi, handleJoinGroup, { refuse: refuseJoinGroup }),
  row(heartbeatApi, handleHeartbeat, { refuse: refuseHeartbeat }),
  row(leaveGroupApi, handleLeaveGroup, { refuse: refuseLeaveGroup }),
  row(syncGroupApi, handleSyncGroup, { refuse: refuseSyncGroup }),
  row(consumerGroupHeartbeatApi, handleConsumerGroupHeartbeat, { refuse: refuseConsumerGroupHeartbeat }),
]
