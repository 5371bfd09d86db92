// ListOffsets: the offset of a time, or of the start, the end or the newest record of a partition.

import type {
  ListOffsetsRequest,
  ListOffsetsRequestTopicPartition,
  ListOffsetsResponse,
  ListOffsetsResponseTopicPartition,
} from '@sluice/protocol/kafka/generated/list-offsets'
import type { LedPartition } from '../../../cluster/partition.ts'
import { epochAt, newestRecord, recordOfTime } from '../../../services/streams/offset-lookup.ts'
import { kafkaErrorOf, kafkaErrors } from '../kafka-errors.ts'
import type { KafkaSession } from '../kafka-session.ts'
import { findLed } from '../led-partition.ts'

/** What a negative timestamp asks for, and since which version it may. */
const questions = new Map([
  [-1, { since: 1, answer: latest }],
  [-2, { since: 1, answer: earliest }],
  [-3, { since: 7, answer: newest }],
  // Where all of a log is here, its start is where it starts here.
  [-4, { since: 8, answer: earliest }],
  // The last offset that lies elsewhere: none does.
  [-5, { since: 9, answer: async () => none }],
])

interface Found {
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

const none: Found = { offset: -1, timestamp: -1, leaderEpoch: -1 }

export async function handleListOffsets(
  session: KafkaSession,
  request: ListOffsetsRequest,
  version: number,
): Promise<ListOffsetsResponse> {
  const topics: ListOffsetsResponse['topics'][number][] = []
  const seen = new Set<string>()
  for (const { name, partitions } of request.topics) {
    const answers: ListOffsetsResponseTopicPartition[] = []
    for (const asked of partitions) {
      const key = `${name}/${asked.partitionIndex}`
      answers.push(
        seen.has(key)
          ? refused(asked.partitionIndex, kafkaErrors.INVALID_REQUEST)
          : await answerOf(session, name, asked, version),
      )
      seen.add(key)
    }
    topics.push({ name, partitions: answers })
  }
  return { throttleTimeMs: session.throttleTimeMs(), topics }
}

async function answerOf(
  { services }: KafkaSession,
  name: string,
  { partitionIndex, currentLeaderEpoch, timestamp }: ListOffsetsRequestTopicPartition,
  version: number,
): Promise<ListOffsetsResponseTopicPartition> {
  const found = findLed(services.streams.find(name), partitionIndex, currentLeaderEpoch)
  if (found.partition === undefined) return refused(partitionIndex, found.errorCode)
  const question = questions.get(timestamp)
  if (timestamp < 0 && (question === undefined || version < question.since))
    return refused(partitionIndex, kafkaErrors.UNSUPPORTED_VERSION)
  try {
    const answer = question?.answer(found.partition) ?? recordOfTime(found.partition, timestamp)
    return { partitionIndex, errorCode: kafkaErrors.NONE, ...((await answer) ?? none) }
  } catch (error) {
    return refused(partitionIndex, kafkaErrorOf(error))
  }
}

async function latest({ highWatermark, leaderEpoch }: LedPartition): Promise<Found> {
  return { offset: highWatermark, timestamp: -1, leaderEpoch }
}

async function earliest(partition: LedPartition): Promise<Found> {
  const { logStart } = partition
  return { offset: logStart, timestamp: -1, leaderEpoch: await epochAt(partition, logStart) }
}

function newest(partition: LedPartition): Promise<Found | undefined> {
  return newestRecord(partition)
}

function refused(partitionIndex: number, errorCode: number): ListOffsetsResponseTopicPartition {
  return { partitionIndex, errorCode, ...none }
}
