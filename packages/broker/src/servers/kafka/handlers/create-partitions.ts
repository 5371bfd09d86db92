// CreatePartitions: streams grow. Where flow consumers count subjects, which would move, they cannot.

import { BrokerError } from '@sluice/protocol/errors/broker-error'
import type {
  CreatePartitionsRequest,
  CreatePartitionsRequestTopic,
  CreatePartitionsResponse,
} from '@sluice/protocol/kafka/generated/create-partitions'
import { checkStreamName } from '../../../services/streams/stream-config.ts'
import type { KafkaServices, KafkaSession } from '../kafka-session.ts'
import { KafkaRefusal, notRefused, refusalOf, repeated } from '../refusal.ts'
import { checkPartitionCount, checkReplicas } from './create-topics.ts'

export async function handleCreatePartitions(
  session: KafkaSession,
  { topics, validateOnly }: CreatePartitionsRequest,
): Promise<CreatePartitionsResponse> {
  const twice = repeated(topics.map(({ name }) => name))
  const results = new Map<string, CreatePartitionsResponse['results'][number]>()
  for (const topic of topics) {
    const { name } = topic
    if (results.has(name)) continue
    const grown = twice.has(name)
      ? Promise.reject(new KafkaRefusal('INVALID_REQUEST', 'Duplicate topic name.'))
      : grow(session.services, topic, validateOnly)
    results.set(name, { name, ...(await grown.then(() => notRefused, refusalOf)) })
  }
  return { throttleTimeMs: session.throttleTimeMs(), results: [...results.values()] }
}

async function grow(
  services: KafkaServices,
  { name, count, assignments }: CreatePartitionsRequestTopic,
  isValidatedOnly: boolean,
): Promise<void> {
  const { streams, call } = services
  checkStreamName(name)
  const { partitions } = streams.require(name).config
  if (count <= partitions) {
    const text = `Topic '${name}' has ${partitions} partitions, and cannot have ${count}.`
    throw new KafkaRefusal('INVALID_PARTITIONS', text)
  }
  checkPartitionCount(count, streams.bounds.partitionsMax)
  // Why also an empty list: some clients have no other way to leave the choice to the broker.
  if (assignments !== null && assignments.length > 0) {
    if (assignments.length !== count - partitions)
      throw new KafkaRefusal('INVALID_REPLICA_ASSIGNMENT', 'Each new partition needs one assignment.')
    for (const { brokerIds } of assignments) checkReplicas(services, brokerIds)
  }
  const config = { partitions: count }
  try {
    if (isValidatedOnly) streams.checkAlteration(name, config)
    else await call('streams.alter', { name, config })
  } catch (error) {
    throw asPartitionFault(error)
  }
}

/** What an alteration of nothing else is refused for, apart from what befalls it. */
function asPartitionFault(error: unknown): unknown {
  const isRefused = error instanceof BrokerError && error.code === 'invalid-stream-config'
  return isRefused ? new KafkaRefusal('INVALID_PARTITIONS', error.message) : error
}
