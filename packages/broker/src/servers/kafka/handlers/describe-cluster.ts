// DescribeCluster: the nodes, without topics.

import type {
  DescribeClusterRequest,
  DescribeClusterResponse,
} from '@sluice/protocol/kafka/generated/describe-cluster'
import { clusterOperations, operationsNotAsked } from '../authorized-operations.ts'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

/** Controllers, which are type 2, are no servers of their own here. */
const brokers = 1
const controllerId = 0

export async function handleDescribeCluster(
  session: KafkaSession,
  { endpointType, includeClusterAuthorizedOperations }: DescribeClusterRequest,
): Promise<DescribeClusterResponse> {
  const { cluster } = session.services
  const known = { throttleTimeMs: session.throttleTimeMs(), endpointType, clusterId: cluster.id }
  if (endpointType !== brokers) {
    const errorCode =
      kafkaErrors[endpointType === 2 ? 'MISMATCHED_ENDPOINT_TYPE' : 'UNSUPPORTED_ENDPOINT_TYPE']
    return { ...known, errorCode, errorMessage: 'Only brokers answer here.', brokers: [] }
  }
  const nodes = await cluster.nodes(session.listener)
  return {
    ...known,
    errorCode: kafkaErrors.NONE,
    errorMessage: null,
    controllerId,
    brokers: nodes.map(({ node, host, port }) => ({ brokerId: node, host, port, rack: null })),
    clusterAuthorizedOperations: includeClusterAuthorizedOperations ? clusterOperations : operationsNotAsked,
  }
}
