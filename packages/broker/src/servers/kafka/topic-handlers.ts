// The rows of requests that make, change and remove topics.

import { createPartitionsApi } from '@sluice/protocol/kafka/generated/create-partitions'
import { createTopicsApi } from '@sluice/protocol/kafka/generated/create-topics'
import { deleteRecordsApi } from '@sluice/protocol/kafka/generated/delete-records'
import { deleteTopicsApi } from '@sluice/protocol/kafka/generated/delete-topics'
import { configHandlers } from './config-handlers.ts'
import { row } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import { handleCreatePartitions } from './handlers/create-partitions.ts'
import { handleCreateTopics } from './handlers/create-topics.ts'
import { handleDeleteRecords } from './handlers/delete-records.ts'
import { handleDeleteTopics } from './handlers/delete-topics.ts'
import { replicaHandlers } from './replica-handlers.ts'

export const topicHandlers: readonly HandlerRow[] = [
  row(createTopicsApi, handleCreateTopics),
  row(deleteTopicsApi, handleDeleteTopics),
  row(createPartitionsApi, handleCreatePartitions),
  row(deleteRecordsApi, handleDeleteRecords),
  ...configHandlers,
  ...replicaHandlers,
]
