// DescribeProducers: the idempotent producers that partitions remember. Without transactions, none of them
// has a coordinator or an open one.

import type {
  DescribeProducersRequest,
  DescribeProducersResponse,
  DescribeProducersResponseTopicPartition,
} from '@sluice/protocol/kafka/generated/describe-producers'
import { distinctPlaces } from '../asked-places.ts'
import { kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'
import { findLed } from '../led-partition.ts'

const epochNotAsked = -1
const none = -1

export function handleDescribeProducers(
  session: KafkaSession,
  request: DescribeProducersRequest,
): DescribeProducersResponse {
  const asked = distinctPlaces(request.topics, ({ partitionIndexes }) => partitionIndexes)
  const topics = asked.map(({ name, partitions }) => {
    return { name, partitions: partitions.map((index) => described(session, name, index)) }
  })
  return { throttleTimeMs: session.throttleTimeMs(), topics }
}

function described(
  { services }: KafkaSession,
  name: string,
  partitionIndex: number,
): DescribeProducersResponseTopicPartition {
  const found = findLed(services.streams.find(name), partitionIndex, epochNotAsked)
  if (found.partition === undefined) {
    return { partitionIndex, errorCode: found.errorCode, errorMessage: null, activeProducers: [] }
  }
  const activeProducers = found.partition.producers.map(({ id, epoch, lastSequence, lastMs }) => ({
    producerId: id,
    producerEpoch: epoch,
    lastSequence,
    lastTimestamp: lastMs,
    coordinatorEpoch: none,
    currentTxnStartOffset: none,
  }))
  return { partitionIndex, errorCode: kafkaErrors.NONE, errorMessage: null, activeProducers }
}
