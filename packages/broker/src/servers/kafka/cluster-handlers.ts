// The rows of requests about the broker itself.

import { apiVersionsApi } from '@sluice/protocol/kafka/generated/api-versions'
import { describeClusterApi } from '@sluice/protocol/kafka/generated/describe-cluster'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import { row } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import { handleApiVersions } from './handlers/api-versions.ts'
import { handleDescribeCluster } from './handlers/describe-cluster.ts'
import { handleMetadata } from './handlers/metadata.ts'

export const clusterHandlers: readonly HandlerRow[] = [
  row(metadataApi, handleMetadata),
  row(apiVersionsApi, handleApiVersions),
  row(describeClusterApi, handleDescribeCluster),
]
