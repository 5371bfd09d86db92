// The rows of requests about the broker itself.

import { apiVersionsApi } from '@sluice/protocol/kafka/generated/api-versions'
import { describeClusterApi } from '@sluice/protocol/kafka/generated/describe-cluster'
import { metadataApi } from '@sluice/protocol/kafka/generated/metadata'
import { saslAuthenticateApi } from '@sluice/protocol/kafka/generated/sasl-authenticate'
import { saslHandshakeApi } from '@sluice/protocol/kafka/generated/sasl-handshake'
import { row } from './handler-row.ts'
import type { HandlerRow } from './handler-row.ts'
import { handleApiVersions } from './handlers/api-versions.ts'
import { handleDescribeCluster, refuseDescribeCluster } from './handlers/describe-cluster.ts'
import { handleMetadata, refuseMetadata } from './handlers/metadata.ts'
import { handleSaslAuthenticate, handleSaslHandshake } from './handlers/sasl.ts'

export const clusterHandlers: readonly HandlerRow[] = [
  row(metadataApi, handleMetadata, { refuse: refuseMetadata }),
  row(apiVersionsApi, handleApiVersions),
  row(saslHandshakeApi, handleSaslHandshake),
  row(saslAuthenticateApi, handleSaslAuthenticate),
  row(describeClusterApi, handleDescribeCluster, { refuse: refuseDescribeCluster }),
]
