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
const controller = 0

export async function handleDescribeCluster(
  session: KafkaSession,
  { endpointType, includeClusterAuthorizedOperations }: DescribeClusterRequest,
): Promise<DescribeClusterResponse> {
  const { cluster } = session.services
  if (endpointType !== brokers) {
    const errorCode =
      kafkaErrors[endpointType === 2 ? 'MISMATCHED_ENDPOINT_TYPE' : 'UNSUPPORTED_ENDPOINT_TYPE']
    return { ...refusal(endpointType, errorCode, 'Only brokers answer here.'), clusterId: cluster.id }
  }
  const nodes = await cluster.nodes(session.listener)
  return {
    throttleTimeMs: session.throttleTimeMs(),
    endpointType,
    clusterId: cluster.id,
    errorCode: kafkaErrors.NONE,
    errorMessage: null,
    controllerId: cluster.brokerIdOf(controller),
    brokers: nodes.map(({ node, host, port }) => ({
      brokerId: cluster.brokerIdOf(node),
      host,
      port,
      rack: null,
    })),
    clusterAuthorizedOperations: includeClusterAuthorizedOperations ? clusterOperations : operationsNotAsked,
  }
}

export function refuseDescribeCluster(
  { endpointType }: DescribeClusterRequest,
  errorCode: number,
): DescribeClusterResponse {
  return refusal(endpointType, errorCode, null)
}

function refusal(
  endpointType: number,
  errorCode: number,
  errorMessage: string | null,
): DescribeClusterResponse {
  const nobody = { clusterId: '', controllerId: -1, brokers: [] }
  const clusterAuthorizedOperations = operationsNotAsked
  return { throttleTimeMs: 0, endpointType, errorCode, errorMessage, ...nobody, clusterAuthorizedOperations }
}
