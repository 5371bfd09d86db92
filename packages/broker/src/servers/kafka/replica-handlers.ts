// The rows of requests about where replicas are, and which of them leads.

import * as alterReassignments from '@sluice/protocol/kafka/generated/alter-partition-reassignments'
import { describeLogDirsApi } from '@sluice/protocol/kafka/generated/describe-log-dirs'
import { electLeadersApi } from '@sluice/protocol/kafka/generated/elect-leaders'
import { listPartitionReassignmentsApi } from '@sluice/protocol/kafka/generated/list-partition-reassignments'
import { row } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import { handleDescribeLogDirs, refuseDescribeLogDirs } from './handlers/describe-log-dirs.ts'
import { handleElectLeaders } from './handlers/elect-leaders.ts'
import {
  handleAlterPartitionReassignments,
  handleListPartitionReassignments,
} from './handlers/partition-reassignments.ts'

export const replicaHandlers: readonly HandlerRow[] = [
  row(describeLogDirsApi, handleDescribeLogDirs, { refuse: refuseDescribeLogDirs }),
  row(electLeadersApi, handleElectLeaders),
  row(alterReassignments.alterPartitionReassignmentsApi, handleAlterPartitionReassignments),
  row(listPartitionReassignmentsApi, handleListPartitionReassignments),
]
