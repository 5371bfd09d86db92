// FindCoordinator: which node coordinates a group. Computed from its id, so that every node says the same.

import type {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  FindCoordinatorResponseCoordinator,
} from '@sluice/protocol/kafka/generated/find-coordinator'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'

const groupKey = 0
const transactionKey = 1
/** From here on several keys are asked for at once. */
const versionWithKeys = 4

export async function handleFindCoordinator(
  session: KafkaSession,
  { key, keyType, coordinatorKeys }: FindCoordinatorRequest,
  version: number,
): Promise<FindCoordinatorResponse> {
  const throttleTimeMs = session.throttleTimeMs()
  const keys = version < versionWithKeys ? [key] : [...new Set(coordinatorKeys)]
  const found = await Promise.all(keys.map((asked) => coordinatorOf(session, asked, keyType)))
  if (version >= versionWithKeys) return { ...nobody, throttleTimeMs, coordinators: found }
  return { ...found[0]!, throttleTimeMs, coordinators: [] }
}

export function refuseFindCoordinator(
  { coordinatorKeys }: FindCoordinatorRequest,
  errorCode: number,
  version: number,
): FindCoordinatorResponse {
  const refused = { ...nobody, errorCode, throttleTimeMs: 0, coordinators: [] }
  if (version < versionWithKeys) return refused
  return { ...refused, coordinators: coordinatorKeys.map((asked) => ({ ...nobody, key: asked, errorCode })) }
}

const nobody = { nodeId: -1, host: '', port: -1, errorCode: kafkaErrors.NONE, errorMessage: null }

async function coordinatorOf(
  { services, listener }: KafkaSession,
  key: string,
  keyType: number,
): Promise<FindCoordinatorResponseCoordinator> {
  if (keyType !== groupKey) {
    const errorMessage = `There is no coordinator for keys of type ${keyType}`
    // Why that: transactions are not offered, and at this clients give up at once.
    const isTransaction = keyType === transactionKey
    const { TRANSACTIONAL_ID_AUTHORIZATION_FAILED: noTransactions, INVALID_REQUEST } = kafkaErrors
    return { ...nobody, key, errorCode: isTransaction ? noTransactions : INVALID_REQUEST, errorMessage }
  }
  const node = services.groups.nodeOf(key)
  const found = (await services.cluster.nodes(listener)).find((one) => one.node === node)
  if (found === undefined) {
    const errorMessage = `Node ${node} cannot be reached by Kafka clients`
    return { ...nobody, key, errorCode: kafkaErrors.COORDINATOR_NOT_AVAILABLE, errorMessage }
  }
  return { ...nobody, key, nodeId: services.cluster.brokerIdOf(node), host: found.host, port: found.port }
}
