// OffsetForLeaderEpoch: where the records of one leader end, so that a client can tell whether what it has
// read is still what is there.

import type {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochRequestTopicPartition,
  OffsetForLeaderEpochResponse,
  OffsetForLeaderEpochResponseTopicPartition,
} from '@sluice/protocol/kafka/generated/offset-for-leader-epoch'
import { endOfEpoch } from '../../../services/streams/offset-lookup.ts'
import type { Stream } from '../../../services/streams/stream.ts'
import { kafkaErrorOf, kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'
import { findLed } from '../led-partition.ts'

/** What Kafka says of an epoch that it cannot place. */
const unknown = { leaderEpoch: -1, endOffset: -1 }

export async function handleOffsetForLeaderEpoch(
  session: KafkaSession,
  request: OffsetForLeaderEpochRequest,
): Promise<OffsetForLeaderEpochResponse> {
  const topics: OffsetForLeaderEpochResponse['topics'][number][] = []
  for (const { name, partitions } of request.topics) {
    const stream = session.services.streams.find(name)
    const answers: OffsetForLeaderEpochResponseTopicPartition[] = []
    for (const asked of partitions) answers.push(await answerOf(stream, asked))
    topics.push({ name, partitions: answers })
  }
  return { throttleTimeMs: session.throttleTimeMs(), topics }
}

async function answerOf(
  stream: Stream | undefined,
  { partition, currentLeaderEpoch, leaderEpoch }: OffsetForLeaderEpochRequestTopicPartition,
): Promise<OffsetForLeaderEpochResponseTopicPartition> {
  const found = findLed(stream, partition, currentLeaderEpoch)
  if (found.partition === undefined) return { partition, errorCode: found.errorCode, ...unknown }
  try {
    const end = await endOfEpoch(found.partition, leaderEpoch)
    const known = end === undefined ? unknown : { leaderEpoch: end.epoch, endOffset: end.endOffset }
    return { partition, errorCode: kafkaErrors.NONE, ...known }
  } catch (error) {
    return { partition, errorCode: kafkaErrorOf(error), ...unknown }
  }
}
