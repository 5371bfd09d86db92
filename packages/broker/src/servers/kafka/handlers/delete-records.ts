// DeleteRecords: everything below an offset goes, for good.

import type {
  DeleteRecordsRequest,
  DeleteRecordsResponse,
} from '@sluice/protocol/kafka/generated/delete-records'
import type { KafkaServices, KafkaSession } from '../kafka-session.ts'
import { KafkaRefusal, refusalOf } from '../refusal.ts'
import { kafkaErrors } from '../kafka-errors.ts'

const upToHighWatermark = -1
/** Of a partition that nothing was done to. */
const noWatermark = -1

export async function handleDeleteRecords(
  session: KafkaSession,
  { topics }: DeleteRecordsRequest,
): Promise<DeleteRecordsResponse> {
  const answers: DeleteRecordsResponse['topics'][number][] = []
  for (const { name, partitions } of topics) {
    const deleted: DeleteRecordsResponse['topics'][number]['partitions'][number][] = []
    for (const { partitionIndex, offset } of partitions) {
      const outcome = await deleteBelow(session.services, name, partitionIndex, offset).then(
        (lowWatermark) => ({ lowWatermark, errorCode: kafkaErrors.NONE as number }),
        (error: unknown) => ({ lowWatermark: noWatermark, errorCode: refusalOf(error).errorCode }),
      )
      deleted.push({ partitionIndex, ...outcome })
    }
    answers.push({ name, partitions: deleted })
  }
  return { throttleTimeMs: session.throttleTimeMs(), topics: answers }
}

/** Resolves with the offset of the first record that is kept. */
async function deleteBelow(
  { streams }: KafkaServices,
  name: string,
  index: number,
  offset: number,
): Promise<number> {
  const stream = streams.require(name)
  const partition = stream.requirePartition(index)
  if (stream.config.cleanupPolicy === 'compact')
    throw new KafkaRefusal('POLICY_VIOLATION', 'What is only compacted keeps the newest of each key.')
  await partition.refresh()
  const below = offset === upToHighWatermark ? partition.highWatermark : offset
  if (below < 0 || below > partition.highWatermark)
    throw new KafkaRefusal('OFFSET_OUT_OF_RANGE', `${offset} is not within the partition.`)
  await partition.removeBelow(below)
  await partition.refresh()
  return partition.logStart
}
