// The rows of requests about groups, their members and their offsets.

import { consumerGroupDescribeApi } from '@sluice/protocol/kafka/generated/consumer-group-describe'
import { deleteGroupsApi } from '@sluice/protocol/kafka/generated/delete-groups'
import { describeGroupsApi } from '@sluice/protocol/kafka/generated/describe-groups'
import { listGroupsApi } from '@sluice/protocol/kafka/generated/list-groups'
import { groupMemberHandlers } from './group-member-handlers.ts'
import { row } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import {
  handleConsumerGroupDescribe,
  refuseConsumerGroupDescribe,
} from './handlers/consumer-group-describe.ts'
import { handleDeleteGroups, refuseDeleteGroups } from './handlers/delete-groups.ts'
import { handleDescribeGroups, refuseDescribeGroups } from './handlers/describe-groups.ts'
import { handleListGroups, refuseListGroups } from './handlers/list-groups.ts'
import { offsetHandlers } from './offset-handlers.ts'

export const groupHandlers: readonly HandlerRow[] = [
  ...groupMemberHandlers,
  ...offsetHandlers,
  row(describeGroupsApi, handleDescribeGroups, { refuse: refuseDescribeGroups }),
  row(listGroupsApi, handleListGroups, { refuse: refuseListGroups }),
  row(consumerGroupDescribeApi, handleConsumerGroupDescribe, { refuse: refuseConsumerGroupDescribe }),
  row(deleteGroupsApi, handleDeleteGroups, { refuse: refuseDeleteGroups }),
]
