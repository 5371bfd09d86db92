// Generated from definitions/. Do not edit: change a definition and run `npm run generate`.

import type { KafkaApi } from '../kafka-api.ts'
import { alterConfigsApi } from './alter-configs.ts'
import { alterPartitionReassignmentsApi } from './alter-partition-reassignments.ts'
import { apiVersionsApi } from './api-versions.ts'
import { consumerGroupDescribeApi } from './consumer-group-describe.ts'
import { consumerGroupHeartbeatApi } from './consumer-group-heartbeat.ts'
import { createPartitionsApi } from './create-partitions.ts'
import { createTopicsApi } from './create-topics.ts'
import { deleteGroupsApi } from './delete-groups.ts'
import { deleteRecordsApi } from './delete-records.ts'
import { deleteTopicsApi } from './delete-topics.ts'
import { describeClusterApi } from './describe-cluster.ts'
import { describeConfigsApi } from './describe-configs.ts'
import { describeGroupsApi } from './describe-groups.ts'
import { describeLogDirsApi } from './describe-log-dirs.ts'
import { describeProducersApi } from './describe-producers.ts'
import { electLeadersApi } from './elect-leaders.ts'
import { fetchApi } from './fetch.ts'
import { findCoordinatorApi } from './find-coordinator.ts'
import { heartbeatApi } from './heartbeat.ts'
import { incrementalAlterConfigsApi } from './incremental-alter-configs.ts'
import { initProducerIdApi } from './init-producer-id.ts'
import { joinGroupApi } from './join-group.ts'
import { leaveGroupApi } from './leave-group.ts'
import { listGroupsApi } from './list-groups.ts'
import { listOffsetsApi } from './list-offsets.ts'
import { listPartitionReassignmentsApi } from './list-partition-reassignments.ts'
import { metadataApi } from './metadata.ts'
import { offsetCommitApi } from './offset-commit.ts'
import { offsetDeleteApi } from './offset-delete.ts'
import { offsetFetchApi } from './offset-fetch.ts'
import { offsetForLeaderEpochApi } from './offset-for-leader-epoch.ts'
import { produceApi } from './produce.ts'
import { saslAuthenticateApi } from './sasl-authenticate.ts'
import { saslHandshakeApi } from './sasl-handshake.ts'
import { syncGroupApi } from './sync-group.ts'

/** Every request that there is a codec for, by key. */
export const allApis: readonly KafkaApi<unknown, unknown>[] = [
  produceApi,
  fetchApi,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
  findCoordinatorApi,
  joinGroupApi,
  heartbeatApi,
  leaveGroupApi,
  syncGroupApi,
  describeGroupsApi,
  listGroupsApi,
  saslHandshakeApi,
  apiVersionsApi,
  createTopicsApi,
  deleteTopicsApi,
  deleteRecordsApi,
  initProducerIdApi,
  offsetForLeaderEpochApi,
  describeConfigsApi,
  alterConfigsApi,
  describeLogDirsApi,
  saslAuthenticateApi,
  createPartitionsApi,
  deleteGroupsApi,
  electLeadersApi,
  incrementalAlterConfigsApi,
  alterPartitionReassignmentsApi,
  listPartitionReassignmentsApi,
  offsetDeleteApi,
  describeClusterApi,
  describeProducersApi,
  consumerGroupHeartbeatApi,
  consumerGroupDescribeApi,
]
